/**
 * The pace of the host in each recorded run, beside the costs of a profile; its usual pace, and how much that differs from run to
 * run, where enough runs were recorded to tell.
 */
import type { Profile } from "../../../formats/index.js";
import { ASSUMED_RUN_SPREAD, PREDICTION_LEVEL, mean, studentT } from "../../../sim/index.js";
import {
  isProbes,
  meanPace,
  pacePath,
  paceTable,
  settingsOf,
  timelineOf,
  type PacePath,
  type RecordedRun,
} from "../recording/index.js";
import type { EngineLog } from "./engine-model.js";
import { usualCosts } from "./fit-pace.js";
import { grouped } from "../../fit/numerics/index.js";

/**
 * Of one run, read from its step log where log and profile allow it: the mean pace over the time in which the host was at work,
 * and over that the pace by time, which ends with the recording; null: unknown, and why.
 */
export type RunPace =
  | { readonly pace: number; readonly paceAt: (atNs: number) => number }
  | { readonly pace: null; readonly reason: string };

/** Fewer calls are a moment, not a run. */
const MIN_CALLS = 50;
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

export function runPaceOf({ cost }: Profile, recorded: RecordedRun): RunPace {
  const { steps } = recorded;
  if (cost.kind !== "vllm_engine") return { pace: null, reason: "the profile has no host" };
  if (steps === undefined || steps.length === 0) {
    return { pace: null, reason: "the recording has no step log (steps.csv)" };
  }
  if (cost.jitter?.schedule === undefined || cost.jitter.update === undefined) {
    return { pace: null, reason: "the profile was not fitted to step logs: what calls of its host take is not known" };
  }
  const timeline = timelineOf(steps, settingsOf(recorded).graphs);
  if (timeline.calls.length < MIN_CALLS) {
    return { pace: null, reason: `the step log has ${timeline.calls.length} calls, too few to determine a pace` };
  }
  const path = pacePath(timeline, usualCosts(cost));
  const pace = meanPace(path);
  const table = paceTable(path);
  return { pace, paceAt: (atNs) => table(atNs) / pace };
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
  const known = runs.filter(({ pace }) => pace > 0);
  let [squares, freedom] = [0, 0];
  for (const load of grouped(known, ({ load }) => load).values()) {
    const values = load.map(({ pace }) => Math.log(pace));
    const level = mean(values);
    squares += values.reduce((sum, value) => sum + (value - level) ** 2, 0);
    freedom += values.length - 1;
  }
  if (freedom < MIN_FREEDOM) return undefined;
  const widened = studentT(PREDICTION_LEVEL, freedom) / NORMAL;
  return Math.max(ASSUMED_RUN_SPREAD, widened * Math.sqrt(squares / freedom));
}
