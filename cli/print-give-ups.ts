/** Prints what clients that gave up or tried again came to. */
import { sharePercent } from "../formats/index.js";
import type { Summary } from "../sim/index.js";
import { countFigure, print } from "./output.js";

export function printGiveUps(summary: Summary): void {
  const { aborted, retried = 0, unanswered = 0, wasted_gpu_share: share } = summary;
  if (aborted === undefined) return;
  print(
    `clients gave up ${countFigure(aborted)} times (${countFigure(summary.aborted_before_first_token)} before the first token, ` +
      `${countFigure(summary.aborted_in_answer)} within the answer) and tried again ${countFigure(retried)} times; ` +
      `${countFigure(unanswered)} requests were never answered`,
  );
  print(
    `wasted on what was given up: ${share === undefined ? "at least " : ""}${countFigure(summary.wasted_prompt_tokens)} prompt and ` +
      `${countFigure(summary.wasted_output_tokens)} output tokens` +
      (share === undefined ? "" : `, ${sharePercent(share)} of the busy time`),
  );
}
