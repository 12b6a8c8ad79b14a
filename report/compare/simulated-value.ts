/**
 * The value of a simulated statistic and how uncertain it is. A simulation that was repeated keeps, in run.json, means
 * over its replications (`summary`) and their intervals (`intervals`), while its requests are those of the first
 * replication. The mean is taken where it is of the same requests as are compared; else the value is one draw, as
 * uncertain as a single run. So is that of a simulation with jitter that was not repeated.
 */
import { z } from "zod";
import { greatest, type Run } from "../../formats/index.js";
import type { SimulationSpread } from "./verdict.js";

/** Of one key; the parts by cause are spreads, of which only the ratio is used. */
const interval = z.object({
  low: z.number(),
  high: z.number(),
  from_seed: z.number().nullish(),
  from_run: z.number().nullish(),
  from_calibration: z.number().nullish(),
});

export interface SimulatedValue {
  readonly value: number;
  /** Absent: the simulation says nothing of it, and its times are means: it counts as exact. */
  readonly spread?: SimulationSpread;
}

/** Of a simulation that was made once with times that vary. */
const ONE_DRAW: SimulationSpread = { run: 0, draws: "a run", calibration: 0 };

/** Replications that a simulation with intervals has at least. */
const MIN_REPLICATIONS = 8;

/**
 * `key` as in the summary, such as mean_e2el_ms; `ofRequests`: the same of the requests compared; `isWhole`: these are
 * all that the simulation answered.
 */
export function simulatedValue(run: Run, key: string, ofRequests: number, isWhole: boolean): SimulatedValue {
  const { intervals, summary, replications } = run.info;
  const found = interval.safeParse((intervals as Readonly<Record<string, unknown>> | undefined)?.[key]);
  if (!found.success) return { value: ofRequests, ...(run.info.jitter === "on" ? { spread: ONE_DRAW } : {}) };
  const average = summary?.[key];
  const isMean = isWhole && typeof average === "number";
  const value = isMean ? average : ofRequests;
  const { low, high, from_seed, from_run, from_calibration } = found.data;
  const half = value > 0 ? (high - low) / 2 / value : 0;
  const [seed, host, calibration] = [from_seed ?? 0, from_run ?? 0, from_calibration ?? 0];
  const all = Math.hypot(seed, host, calibration);
  if (all === 0) return { value, spread: { run: 0, draws: 0, calibration: half } };
  const byRun = (half * Math.hypot(seed, host)) / all;
  const count = typeof replications === "number" && replications > 0 ? replications : MIN_REPLICATIONS;
  return {
    value,
    spread: {
      // Without the part that a whole run shares, it does not say how much runs differ.
      run: host > 0 ? byRun : 0,
      draws: isMean ? byRun / Math.sqrt(count) : byRun,
      calibration: (half * calibration) / all,
    },
  };
}

/**
 * For a value that is the mean of several simulations: as uncertain as the most uncertain of them, since they share
 * their seeds.
 */
export function widest(spreads: readonly (SimulationSpread | undefined)[]): SimulationSpread | undefined {
  const known = spreads.filter((spread) => spread !== undefined);
  if (known.length === 0) return undefined;
  const most = (of: (spread: SimulationSpread) => number): number => greatest(known.map(of));
  const drawn = known.flatMap(({ draws }) => (draws === "a run" ? [] : [draws]));
  return {
    run: most(({ run }) => run),
    draws: drawn.length < known.length ? "a run" : greatest(drawn),
    calibration: most(({ calibration }) => calibration),
  };
}
