/** Times of one point of `bench:growth`, and all points as a Markdown table and as the data of a chart. */
import { percent, type Profile } from "../../formats/index.js";
import type { LinesPicture } from "../../report/charts/index.js";
import { markdownTable } from "../original-suite/markdown-table.js";
import type { BenchMode } from "./cases.js";
import { runAt, type GrowthAxis, type GrowthPoint } from "./growth-points.js";
import { grouped } from "./figure-text.js";
import { stepCounts, timedRun, type TimedRun } from "./simulate-bench.js";

/** What `--json` prints of each point. */
export interface GrowthFigures {
  readonly mode: BenchMode;
  readonly axis: string;
  /** Where on the axis. */
  readonly at: number;
  readonly requests: number;
  readonly outputTokens: number;
  readonly steps: number;
  /** Of the steps, 0 to 1: drawn in runs (default mode) or jumped over (bare). */
  readonly shareAtOnce: number;
  readonly preemptions: number;
  readonly seconds: number;
  readonly usPerRequest: number;
  readonly nsPerStep: number;
  readonly stepEngineSeconds: number;
}

/** Runs of the fast engine at each point: at least so many, and for at least so long. */
const LEAST_RUNS = 3;
const LEAST_SECONDS = 0.5;

/** The least time of several runs on the fast engine, which take at least `leastSeconds` together, and of one on the step engine. */
export function figuresAt(
  point: GrowthPoint,
  { name, of }: GrowthAxis,
  mode: BenchMode,
  profile: Profile,
  leastSeconds = LEAST_SECONDS,
): GrowthFigures {
  const run = runAt(point);
  const source = `bench:growth, ${name} ${point[of]}`;
  const fast = fastest(() => timedRun(run, profile, "fast", source), leastSeconds);
  const step = timedRun(run, profile, "step", source);
  const counts = stepCounts(fast.info);
  return {
    mode,
    axis: name,
    at: point[of],
    requests: point.requests,
    outputTokens: fast.info.summary.total_output_tokens,
    ...counts,
    preemptions: fast.info.preemptions,
    seconds: fast.seconds,
    usPerRequest: (fast.seconds * 1e6) / point.requests,
    nsPerStep: (fast.seconds * 1e9) / counts.steps,
    stepEngineSeconds: step.seconds,
  };
}

function fastest(run: () => TimedRun, leastSeconds: number): TimedRun {
  let best = run();
  let total = best.seconds;
  for (let runs = 1; runs < LEAST_RUNS || total < leastSeconds; runs++) {
    const next = run();
    total += next.seconds;
    if (next.seconds < best.seconds) best = next;
  }
  return best;
}

const HEADER = [
  "grows",
  "to",
  "seconds",
  "µs/request",
  "ns/step",
  "steps",
  "steps at once",
  "preemptions",
  "step engine, s",
  "times as fast",
];

export function growthTable(points: readonly GrowthFigures[]): string {
  const rows = points.map((point, index) => [
    point.axis === points[index - 1]?.axis ? "" : point.axis,
    grouped(point.at),
    point.seconds.toFixed(3),
    point.usPerRequest.toFixed(2),
    grouped(point.nsPerStep),
    grouped(point.steps),
    percent(point.shareAtOnce),
    grouped(point.preemptions),
    point.stepEngineSeconds.toFixed(2),
    `${(point.stepEngineSeconds / point.seconds).toFixed(1)}x`,
  ]);
  return markdownTable(HEADER, rows);
}

/** A panel for each axis, a line for each engine. */
export function growthPicture(points: readonly GrowthFigures[], mode: BenchMode): LinesPicture {
  const axes = [...new Set(points.map(({ axis }) => axis))];
  return {
    name: "growth",
    title: `Time to simulate a request, ${mode} mode`,
    up: { name: "time per request", unit: "µs" },
    panels: axes.map((axis) => {
      const own = points.filter((point) => point.axis === axis);
      return {
        across: axis,
        lines: [
          { name: "fast engine", points: own.map((p) => [p.at, p.usPerRequest] as const) },
          { name: "step engine", points: own.map((p) => [p.at, (p.stepEngineSeconds * 1e6) / p.requests] as const) },
        ],
      };
    }),
    notes: ["A flat line: the time does not depend on the quantity. All panels have the same scale."],
  };
}
