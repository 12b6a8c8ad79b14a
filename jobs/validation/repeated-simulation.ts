/**
 * Statistics of a cell as means over simulated runs that differ in their jitter, with what these leave open: the mean's
 * own error, and the other costs that fit the calibration's measurements equally well.
 */
import type { Profile } from "../../formats/index.js";
import { costDrawCount, mean, quantile, sampleDeviation, simulateRun, withCostDraw } from "../../sim/index.js";
import { LEVEL } from "../../report/compare/index.js";
import { atPace, type CellWorkload } from "../experiment/index.js";

/** A statistic and half-widths at LEVEL, relative to it. */
export interface RepeatedStatistic {
  readonly mean: number;
  readonly spread: {
    /** Real runs of a batch policy also differ by more than jitter, so a simulation does not say by how much. */
    readonly run: 0;
    readonly draws: number;
    readonly calibration: number;
  };
}

export interface RepeatedSimulationOptions {
  readonly profile: Profile;
  readonly seed: string;
  readonly jitter: boolean | undefined;
  /** Of the summary, such as mean_e2el_ms. */
  readonly keys: readonly string[];
}

/** Simulated runs behind a statistic where times vary, and profiles behind what the calibration leaves open. */
const REPLICATIONS = 20;

/** Half-width at LEVEL of a normal distribution, in standard deviations. */
const NORMAL = 1.645;

type Values = Readonly<Record<string, number>>;

/** Simulates at a pace of the machine; what the calibration leaves open is found once, at its own pace. */
export function repeatedSimulation(
  { cell, workload }: CellWorkload,
  { profile, seed, jitter, keys }: RepeatedSimulationOptions,
): (pace: number) => Readonly<Record<string, RepeatedStatistic>> {
  const { plan, load, coldStart } = cell;
  const simulate = (of: Profile, run: number): Values => {
    const input = { plan, profile: of, workload, load, seed: `${seed}/${run}`, coldStart, jitter };
    return simulateRun(input).info.summary as Values;
  };
  const calibration = openByCalibration(profile, keys, (of) => simulate(of, 0));
  return (pace) => {
    const paced = pace === 1 ? profile : atPace(profile, pace);
    const runs = Array.from({ length: jitter === true ? REPLICATIONS : 1 }, (_, run) => simulate(paced, run));
    return Object.fromEntries(
      keys.map((key) => {
        const values = runs.map((run) => run[key]!);
        const average = mean(values);
        const deviation = values.length < 2 ? 0 : sampleDeviation(values);
        const draws = average > 0 ? (NORMAL * deviation) / Math.sqrt(values.length) / average : 0;
        return [key, { mean: average, spread: { run: 0, draws, calibration: calibration[key]! } }];
      }),
    );
  };
}

/**
 * Half the band that holds LEVEL of the values on other fits to the same measurements, over its middle; 0 where none
 * are kept.
 */
function openByCalibration(profile: Profile, keys: readonly string[], simulate: (profile: Profile) => Values): Values {
  const draws = Math.min(REPLICATIONS, costDrawCount(profile));
  const runs = Array.from({ length: draws }, (_, draw) => simulate(withCostDraw(profile, draw)));
  return Object.fromEntries(
    keys.map((key) => {
      const sorted = Float64Array.from(runs, (run) => run[key]!).sort();
      if (sorted.length < 2) return [key, 0];
      const [low, middle, high] = [(1 - LEVEL) / 2, 0.5, (1 + LEVEL) / 2].map((p) => quantile(sorted, p)) as [number, number, number]; // prettier-ignore
      return [key, middle > 0 ? (high - low) / 2 / middle : 0];
    }),
  );
}
