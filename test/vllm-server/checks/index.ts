/** Every check of `npm run test:vllm`, in order. To add one: a file here and a line in this list. */
import type { Check } from "../run-checks.js";
import { agreement } from "./agreement.js";
import { bench } from "./bench.js";
import { calibrate } from "./calibrate.js";
import { doctor } from "./doctor.js";
import { giveUps } from "./give-ups.js";
import { preemptions } from "./preemptions.js";
import { prefixCache } from "./prefix-cache.js";
import { serverView } from "./server-view.js";
import { serves } from "./serves.js";
import { sessionTimes } from "./session-times.js";
import { sessions } from "./sessions.js";
import { spans } from "./spans.js";

export const checks: readonly Check[] = [
  serves,
  doctor,
  serverView,
  spans,
  bench,
  giveUps,
  prefixCache,
  sessions,
  preemptions,
  calibrate,
  agreement,
  sessionTimes,
];
