/**
 * The edge of a deployment, from replications that each find their own on the same random numbers at every load: in
 * rounds, whose runs grow until chance in a run moves the edge less than the precision, or the budget is spent.
 */
import {
  mean,
  median,
  predictionInterval,
  variancePartsOf,
  type Interval,
  type VarianceParts,
} from "../../../sim/index.js";
import type { Replication } from "../run/index.js";
import type { Crew } from "./crew.js";
import type { EdgeOptions } from "./find-edge.js";
import type { EdgeResult } from "./tasks.js";

export interface RoundsInput {
  readonly replications: readonly Pick<Replication, "seed" | "draw">[];
  readonly search: Omit<EdgeOptions, "tolerance" | "step">;
  /** Requests of a run: of the first round, and the most. */
  readonly count: number;
  readonly mostCount: number;
  /** What chance in a run may move the edge by, in 9 of 10 runs, as a fraction of it. */
  readonly precision: number;
  /** Requests that all runs together may have. */
  readonly budget: number;
  /** What is known to differ between replications besides the seed. */
  readonly varies: { readonly run: boolean; readonly calibration: boolean };
}

export interface EdgesFound {
  /** Of the last round, by replication. */
  readonly edges: readonly EdgeResult[];
  readonly value: number;
  /** Holds the edge of 9 of 10 replications; null for fewer than two. */
  readonly interval: Interval | null;
  readonly spread: VarianceParts;
  /** What chance in a run moves the edge by, in 9 of 10 runs, as a fraction of it. */
  readonly chance: number;
  readonly count: number;
  /** Requests per run with which chance would be as small as asked for; absent: it is. */
  readonly wantedCount?: number;
}

/** Standard deviations within which 9 of 10 normal values lie. */
const NORMAL_90 = 1.645;
/** Factors by which runs grow from one round to the next. */
const LEAST_GROWTH = 1.5;
const MOST_GROWTH = 8;
/** About how many runs an edge takes, to plan the next round. */
const RUNS_PER_EDGE = 5;
const FIRST_STEP = 1.04;
const SCOUTS = 2;
const NOTHING_VARIES = { run: false, calibration: false };
/** Width of a bracket that is narrow enough, as a share of the precision. */
const BRACKET = 0.75;

export async function edgeRounds(crew: Crew, input: RoundsInput): Promise<EdgesFound> {
  const { replications, search, precision, mostCount, budget } = input;
  let { count } = input;
  let { start } = search;
  let spent = 0;
  for (let round = 1; ; round++) {
    const what = round === 1 ? "searching" : `searching with ${count} requests a run`;
    const edgesFrom = (from: number, of: RoundsInput["replications"]): Promise<EdgeResult[]> => {
      const options = { ...search, start: from, step: FIRST_STEP, tolerance: BRACKET * precision };
      const tasks = of.map(({ seed, draw }) => ({ point: { seed, draw, count }, options }));
      return crew.run("edge", tasks, what);
    };
    // The first edges found show the others where to begin.
    const scouts = await edgesFrom(start, replications.slice(0, SCOUTS));
    const from = foundOf(scouts, NOTHING_VARIES).value || start;
    const edges = [...scouts, ...(await edgesFrom(from, replications.slice(SCOUTS)))];
    spent += edges.reduce((sum, { runs }) => sum + runs * count, 0);
    const found = { ...foundOf(edges, input.varies, search.most), count };
    if (found.chance <= precision || found.value === 0) return found;
    const wanted = Math.ceil(count * Math.max(LEAST_GROWTH, (found.chance / precision) ** 2));
    const affordable = (budget - spent) / (RUNS_PER_EDGE * replications.length);
    const next = Math.floor(Math.min(wanted, MOST_GROWTH * count, mostCount, affordable));
    if (next < LEAST_GROWTH * count) return { ...found, wantedCount: wanted };
    [count, start] = [next, found.value];
  }
}

/** `most`: no edge is beyond it. */
function foundOf(
  edges: readonly EdgeResult[],
  varies: RoundsInput["varies"],
  most = Infinity,
): Omit<EdgesFound, "count"> {
  const values = edges.map(({ edge }) => edge);
  const value = values.includes(0) ? median(values) : Math.exp(mean(values.map(Math.log)));
  const spread = variancePartsOf(values, {
    run: varies.run ? edges.map(({ paceScore }) => paceScore) : undefined,
    calibration: varies.calibration ? edges.map(({ steadyRatio }) => steadyRatio) : undefined,
  });
  const predicted = predictionInterval(values);
  const interval: Interval | null = predicted === null ? null : [predicted[0], Math.min(most, predicted[1])];
  const bySeed = spread.from_seed ?? (interval === null ? 0 : (interval[1] - interval[0]) / 2 / NORMAL_90);
  return { edges, value, interval, spread, chance: value === 0 ? 0 : (NORMAL_90 * bySeed) / value };
}
