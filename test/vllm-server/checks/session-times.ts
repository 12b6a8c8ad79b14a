/** Sessions on the calibrated server with a prefix cache: the profile is of a server without one, and says what computing the rest costs. */
import type { Check } from "../run-checks.js";
import { warm } from "../variants.js";
import { agree } from "./agree.js";

const sessions = [
  ...["--dataset-name", "sessions", "--num-sessions", "24", "--max-sessions", "3", "--sessions-turns", "4"],
  ...["--sessions-input-len", "80", "--sessions-input-cv", "0.5", "--sessions-output-len", "32"],
  ...["--sessions-think", "0.5", "--sessions-think-cv", "1", "--seed", "session-times"],
];

export const sessionTimes: Check = {
  name: "times of sessions are predicted",
  variant: warm,
  run: (context) =>
    agree(context, {
      load: sessions,
      settings: ["--enable-prefix-caching"],
      means: ["mean_ttft_ms", "mean_tpot_ms", "mean_e2el_ms"],
    }),
};
