/** The usual pace of a host, and how much it differs from run to run, where enough runs were recorded to tell. */
import type { Profile } from "../../../formats/index.js";
import { ASSUMED_RUN_SPREAD, PREDICTION_LEVEL, mean, studentT } from "../../../sim/index.js";
import type { EngineLog } from "./fit-launches.js";
import { meanPace, type PacePath, type RecordedRun, isProbes } from "../recording/index.js";
import { runPaceOf } from "./run-pace.js";

/** That of five runs of one load: its spread is known to about a third. */
const MIN_FREEDOM = 4;

/** Of a normal distribution, in standard deviations: what lies within is PREDICTION_LEVEL of it. */
const NORMAL = 1.645;

/** One run: the load that its repeats have in common, and its pace. */
export interface PacedRun {
  readonly name?: string;
  readonly load: string;
  readonly pace: number;
}

/** The load of a recording: its name without the number of the repeat. */
export function loadOf(name: string): string {
  return name.replace(/-r\d+$/, "");
}

/** Standard deviation of the logarithm of the pace of runs of one load, pooled over loads; undefined: unknown. */
export function runSpreadOf(logs: readonly EngineLog[], paths: readonly PacePath[]): number | undefined {
  return spreadOf(
    logs.flatMap(({ isProbes: isProbing, load }, at) =>
      isProbing || load === undefined ? [] : [{ load, pace: meanPace(paths[at]!) }],
    ),
  );
}

/** The pace of each run that tells it in its step log. */
export function pacedRuns(profile: Profile, runs: readonly RecordedRun[]): PacedRun[] {
  return runs.flatMap((run): PacedRun[] => {
    const { pace } = isProbes(run) ? { pace: null } : runPaceOf(profile, run);
    return pace === null || pace <= 0 ? [] : [{ name: run.name, load: loadOf(run.name), pace }];
  });
}

/**
 * The profile with the usual pace of these runs and their spread, whether they were in its fit or not: nothing else of them is
 * used. The runs of a fit are few, and may be the fastest or slowest of their host. As it is where the runs do not tell.
 */
export function withPaces(profile: Profile, paced: readonly PacedRun[]): Profile {
  const { cost } = profile;
  if (cost.kind !== "vllm_engine" || cost.jitter === undefined) return profile;
  const spread = spreadOf(paced);
  if (spread === undefined) return profile;
  const pace = Math.exp(mean(paced.map(({ pace: own }) => Math.log(own))));
  const host = { ...cost.host, pace: Number(pace.toPrecision(5)) };
  const jitter = { ...cost.jitter, run_spread: Number(spread.toPrecision(3)) };
  return { ...profile, cost: { ...cost, host, jitter } };
}

/** The same, of runs whose pace is still to be read. */
export function withRunPaces(profile: Profile, runs: readonly RecordedRun[]): Profile {
  return withPaces(profile, pacedRuns(profile, runs));
}

/**
 * Widened for how few runs tell it, as Student's t is, and not below what recorded servers in general have: a few runs of
 * one day lie closer together than those of the next.
 */
function spreadOf(runs: readonly PacedRun[]): number | undefined {
  const byLoad = new Map<string, number[]>();
  for (const { load, pace } of runs) {
    if (pace > 0) byLoad.set(load, [...(byLoad.get(load) ?? []), Math.log(pace)]);
  }
  let [squares, freedom] = [0, 0];
  for (const values of byLoad.values()) {
    const level = mean(values);
    squares += values.reduce((sum, value) => sum + (value - level) ** 2, 0);
    freedom += values.length - 1;
  }
  if (freedom < MIN_FREEDOM) return undefined;
  const widened = studentT(PREDICTION_LEVEL, freedom) / NORMAL;
  return Math.max(ASSUMED_RUN_SPREAD, widened * Math.sqrt(squares / freedom));
}
