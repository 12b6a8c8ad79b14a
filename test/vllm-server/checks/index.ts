/** Every check of `npm run test:vllm`, in order. To add one: a file here and a line in this list. */
import type { Check } from "../run-checks.js";
import { serves } from "./serves.js";

export const checks: readonly Check[] = [serves];
