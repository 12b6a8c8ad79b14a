/** What `bench:sim` measured of each case, as a Markdown table. */
import { percent } from "../../formats/index.js";
import { median } from "../../sim/index.js";
import { markdownTable } from "../original-suite/markdown-table.js";
import { grouped } from "./figure-text.js";
import type { DetailedFigures } from "./run-case.js";

export interface CaseRuns {
  /** Of the fast engine, at least one, all alike but for their times. */
  readonly warm: readonly DetailedFigures[];
  /** The same without runs before the clock starts. */
  readonly cold: readonly DetailedFigures[];
  readonly step: DetailedFigures;
}

const HEADER = [
  "case",
  "requests",
  "seconds",
  "cold, s",
  "µs/request",
  "ns/step",
  "steps/request",
  "steps at once",
  "preemptions",
  "peak RSS MiB",
  "step engine, s",
  "times as fast",
];

/** Times are medians. Steps at once: those drawn in runs (default mode) or jumped over (bare). */
export function speedTable(cases: readonly CaseRuns[]): string {
  const rows = cases.map(({ warm, cold, step }) => {
    const [first] = warm;
    const { case: name, requests, steps, jumpedSteps, runSteps, preemptions } = first!;
    const seconds = median(warm.map((run) => run.seconds));
    return [
      name,
      grouped(requests),
      seconds.toFixed(3),
      median(cold.map((run) => run.seconds)).toFixed(3),
      ((seconds * 1e6) / requests).toFixed(2),
      grouped((seconds * 1e9) / steps),
      (steps / requests).toFixed(1),
      percent((jumpedSteps + runSteps) / steps, 1),
      grouped(preemptions),
      grouped(median(warm.map((run) => run.peakRssMib))),
      step.seconds.toFixed(2),
      `${(step.seconds / seconds).toFixed(1)}x`,
    ];
  });
  return markdownTable(HEADER, rows);
}
