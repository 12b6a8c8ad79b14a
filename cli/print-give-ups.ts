/** Prints what clients that gave up or tried again came to. */
import { sharePercent } from "../formats/index.js";
import type { Summary } from "../sim/index.js";
import { figure, print } from "./output.js";

export function printGiveUps(summary: Summary): void {
  const { aborted, retried = 0, unanswered = 0, wasted_gpu_share: share = 0 } = summary;
  if (aborted === undefined) return;
  print(
    `clients gave up ${count(aborted)} times (${count(summary.aborted_before_first_token)} before the first token, ` +
      `${count(summary.aborted_in_answer)} within the answer) and tried again ${count(retried)} times; ` +
      `${count(unanswered)} requests were never answered`,
  );
  print(
    `wasted on what was given up: ${count(summary.wasted_prompt_tokens)} prompt and ` +
      `${count(summary.wasted_output_tokens)} output tokens, ${sharePercent(share)} of the busy time`,
  );
}

/** Means of several replications need not be whole. */
function count(value: number | undefined): string {
  return Number.isInteger(value) ? String(value) : figure(value);
}
