/** One metric of every cell, simulated and real, run by run: what the report compares policies by. */
import { defined, type Run } from "../../../formats/index.js";
import { columnsIn, mean, summarise, type Summary } from "../../../sim/index.js";
import type { StatisticComparison } from "../../../report/compare/index.js";
import type { CellResult } from "../results.js";

/** A metric that policies are compared by: its key in a summary, and its name in a comparison. */
export interface ComparedMetric {
  readonly name: string;
  readonly key: "mean_e2el_ms" | "mean_ttft_ms" | "mean_tpot_ms" | "output_throughput";
  readonly metric: string;
  readonly stat: string;
  readonly unit: string;
  readonly better: "less" | "more";
}

export const meanLatency: ComparedMetric = {
  name: "Mean latency",
  key: "mean_e2el_ms",
  metric: "e2el",
  stat: "mean",
  unit: "ms",
  better: "less",
};

/** The first decides who wins. */
export const comparedMetrics: readonly ComparedMetric[] = [
  meanLatency,
  { name: "Mean time to first token", key: "mean_ttft_ms", metric: "ttft", stat: "mean", unit: "ms", better: "less" },
  { name: "Mean time per output token", key: "mean_tpot_ms", metric: "tpot", stat: "mean", unit: "ms", better: "less" },
  {
    name: "Output throughput",
    key: "output_throughput",
    metric: "output_throughput",
    stat: "run",
    unit: "tokens/s",
    better: "more",
  },
];

/** A cell with the summaries of its runs, each made once. */
export interface SummarisedCell {
  readonly cell: CellResult;
  /** Of the predictions, or of the simulation at the pace of the calibration where there are none. */
  readonly sims: readonly Summary[];
  readonly reals: readonly Summary[];
}

export function summarised(cell: CellResult): SummarisedCell {
  return { cell, sims: simsOf(cell).map(summaryOf), reals: cell.real.map(summaryOf) };
}

/** The simulations that the real runs are compared with. */
export function simsOf({ predictions, sim }: CellResult): readonly Run[] {
  return predictions ?? [sim];
}

function summaryOf(run: Run): Summary {
  return (run.info.summary as Summary | undefined) ?? summarise(columnsIn(run));
}

/** One metric of a cell. */
export interface Figure {
  readonly cell: CellResult;
  readonly sim: number;
  /** Where 9 of 10 real runs would lie, by the simulation. */
  readonly simInterval?: readonly [number, number];
  /** Of each real run. */
  readonly reals: readonly number[];
  readonly compared?: StatisticComparison;
  /** The load is more than the server can take: latencies grow with the run. */
  readonly isAbove: boolean;
}

/** Cells whose runs do not have the metric are left out. */
export function figuresOf(cells: readonly SummarisedCell[], { key, metric, stat }: ComparedMetric): Figure[] {
  return cells.flatMap(({ cell, sims, reals }): Figure[] => {
    const simulated = sims.flatMap((summary) => summary[key] ?? []);
    const measured = reals.flatMap((summary) => summary[key] ?? []);
    if (simulated.length < sims.length || measured.length < reals.length) return [];
    const { metrics = [], totals = [] } = cell.comparison ?? {};
    const compared = [...metrics, ...totals].find((one) => one.metric === metric && one.stat === stat);
    const simInterval = intervalOf(simsOf(cell), key);
    const isAbove = isAboveCapacity(cell);
    return [{ cell, sim: mean(simulated), reals: measured, isAbove, ...defined({ simInterval, compared }) }];
  });
}

/** The mean of the runs' intervals; undefined where one has none. */
function intervalOf(runs: readonly Run[], key: string): readonly [number, number] | undefined {
  const found = runs.flatMap(({ info }) => {
    const { [key]: interval } = (info.intervals ?? {}) as Readonly<Record<string, { low: number; high: number }>>;
    return interval === undefined ? [] : [interval];
  });
  if (found.length < runs.length) return undefined;
  return [mean(found.map(({ low }) => low)), mean(found.map(({ high }) => high))];
}

/** What a latency above capacity does: it depends on the length of the run. */
export const GROWS = "grows with the run";

/** Whether the simulated load of a cell is above capacity. */
export function isAboveCapacity({ sim }: Pick<CellResult, "sim">): boolean {
  return (sim.info.capacity as { verdict?: string } | null | undefined)?.verdict === "above";
}

/** For charts; empty where no cell is above capacity. */
export function overloadRemark(cells: readonly Pick<CellResult, "name" | "sim">[]): string {
  const above = cells.filter(isAboveCapacity).map(({ name }) => name);
  return above.length === 0 ? "" : `Above capacity, where every latency ${GROWS}: ${above.join(", ")}.`;
}
