/**
 * How a simulation of a recorded run compares with it: the recorded requests are simulated under the recorded settings
 * and load, as often as asked with other draws of the jitter, the run's pace and the fitted costs; every statistic is
 * the mean over these, beside the real one. Where the run's pace is known from its step log, once more at that pace.
 */
import { runPaceOf, pacedRuns, withPaces, type RecordedRun } from "../../calibrate/vllm/index.js";
import type { EngineStepRecord, Profile, Run } from "../../formats/index.js";
import {
  atRunPace,
  capacityOf,
  columnsOf,
  e2elMs,
  mean,
  predictionInterval,
  READ_PACE_SPREAD,
  replayInput,
  replayRecording,
  summarise,
  withCapacity,
  withCostDraw,
  type RunCapacity,
  type Summary,
} from "../../sim/index.js";

export const replayStatistics = ["mean", "p50", "p95", "p99"] as const;
export const replayMetrics = ["ttft", "tpot", "e2el"] as const;
export const splitParts = ["queue", "prefill", "decode", "client"] as const;
type SplitPart = (typeof splitParts)[number];
type Parts = Readonly<Record<SplitPart, number>>;
type StatisticKey = `${(typeof replayStatistics)[number]}_${(typeof replayMetrics)[number]}_ms`;

export interface ReplayStatistic {
  readonly real: number | null;
  /** Mean over the replications. */
  readonly sim: number | null;
  /** (sim - real) / real. */
  readonly error: number | null;
  /** One real run lies in it with a probability of 90 %; null for one replication. */
  readonly band: readonly [number, number] | null;
}

export type ReplayMetrics = Readonly<Record<StatisticKey, ReplayStatistic>>;

export interface ReplayReport {
  readonly recording: string;
  readonly profile: string;
  readonly requests: number;
  readonly replications: number;
  readonly jitter: "on" | "off";
  readonly metrics: ReplayMetrics;
  /**
   * Of the host, over the profile's costs: as the run's step log shows it (null: it does not), and as the profile has
   * it.
   */
  readonly pace: { readonly run: number | null; readonly profile: number };
  /** Why the run's pace is unknown. */
  readonly pace_unknown?: string;
  /** At the run's pace as its step log has it, from moment to moment. */
  readonly metrics_at_pace: ReplayMetrics | null;
  readonly preemptions: { readonly real: number | null; readonly sim: number };
  /** Mean milliseconds of a request by part, where recording and profile have the engine's own times. */
  readonly split: Readonly<Record<SplitPart, { real: number; sim: number }>> | null;
  /** What the server can take of such requests, and what the recording offered; null for closed loops. */
  readonly capacity: RunCapacity | null;
  readonly overloaded: boolean;
  readonly notes: readonly string[];
}

export interface ReplayReportOptions {
  /** Name of the recording, for messages. */
  readonly name: string;
  readonly seed: string;
  readonly jitter: boolean;
  readonly replications: number;
  /** The recording's step log, which shows the pace of its host. */
  readonly steps?: readonly EngineStepRecord[] | undefined;
}

export function replayReport(profile: Profile, recording: Run, options: ReplayReportOptions): ReplayReport {
  const { jitter, name, steps } = options;
  const isJittered = jitter && profile.cost.kind === "vllm_engine" && profile.cost.jitter !== undefined;
  const replications = isJittered ? options.replications : 1;
  const capacity = capacityOf(replayInput(profile, recording, options));
  const runs = replayRuns(profile, recording, { ...options, replications }).map((run) => withCapacity(run, capacity));
  const answered = recording.requests.filter(({ status }) => status === "ok");
  const real = summarise(columnsOf(answered));
  const told = runPaceOf(profile, { name, run: recording, steps });
  const pacedRuns =
    told.pace === null
      ? null
      : replayRuns(
          atRunPace(profile, told.pace, READ_PACE_SPREAD),
          recording,
          { ...options, replications },
          told.paceAt,
        );
  const summaries = runs.map(summaryOf);
  const notes = [...new Set(runs.flatMap(({ info }) => info.notes ?? []))];
  return {
    recording: name,
    profile: profile.name,
    requests: answered.length,
    replications,
    jitter: isJittered ? "on" : "off",
    metrics: metricsOf(real, summaries),
    pace: { run: told.pace, profile: profile.cost.kind === "vllm_engine" ? (profile.cost.host.pace ?? 1) : 1 },
    ...(told.pace === null ? { pace_unknown: told.reason } : {}),
    metrics_at_pace: pacedRuns === null ? null : metricsOf(real, pacedRuns.map(summaryOf)),
    preemptions: {
      real: typeof recording.info.preemptions === "number" ? recording.info.preemptions : null,
      sim: mean(runs.map(({ info }) => Number(info.preemptions))),
    },
    split: splitOf(answered, runs),
    capacity: runs[0]!.info.capacity as RunCapacity | null,
    overloaded: summaries.some(({ overloaded }) => overloaded),
    notes,
  };
}

type Statistics = Pick<Summary, StatisticKey | "overloaded">;

/** Each with a seed of its own, of which the run's pace is drawn too, and its own draw of the costs. */
function replayRuns(
  profile: Profile,
  recording: Run,
  { seed, jitter, replications }: ReplayReportOptions,
  paceAt?: (atNs: number) => number,
): Run[] {
  return Array.from({ length: replications }, (_, k) => {
    const drawn = jitter ? withCostDraw(profile, k) : profile;
    return replayRecording(drawn, recording, { seed: k === 0 ? seed : `${seed}/${k}`, jitter, paceAt });
  });
}

function summaryOf({ info }: Run): Statistics {
  return info.summary as Statistics;
}

function metricsOf(real: Statistics, summaries: readonly Statistics[]): ReplayMetrics {
  const keys = replayStatistics.flatMap((stat) => replayMetrics.map((metric): StatisticKey => `${stat}_${metric}_ms`));
  return Object.fromEntries(
    keys.map((key) => [key, statistic(real[key] ?? null, summaries.map((summary) => summary[key] ?? null))]), // prettier-ignore
  ) as ReplayMetrics;
}

/** Simulations from which on a statistic's mean is reported. */
export const REPLICATIONS = 50;

/**
 * Reports of runs that were not in a profile's fit. The profile's usual pace and its spread come from all runs there
 * are: each is scored on the profile as the others make it.
 */
export function scoreHeldOut(
  fitted: Profile,
  { runs, heldOut }: { readonly runs: readonly RecordedRun[]; readonly heldOut: readonly RecordedRun[] },
  seed: string,
): ReplayReport[] {
  const options = { seed, jitter: true, replications: REPLICATIONS };
  const paced = pacedRuns(fitted, [...runs, ...heldOut]);
  return heldOut.map(({ name, run }) => {
    const others = paced.filter((other) => other.name !== name);
    return replayReport(withPaces(fitted, others), run, { name, ...options });
  });
}

/** What a profile keeps of the report of a run that was not in its fit. */
export function heldOutRun({
  recording,
  requests,
  metrics,
}: ReplayReport): NonNullable<Profile["held_out_runs"]>[number] {
  const plain = Object.entries(metrics).map(([key, { real, sim, error }]) => [key, { real, sim, error }] as const);
  return { recording, requests, metrics: Object.fromEntries(plain) };
}

function statistic(real: number | null, sims: readonly (number | null)[]): ReplayStatistic {
  const known = sims.filter((value) => value !== null);
  if (known.length < sims.length || known.length === 0) return { real, sim: null, error: null, band: null };
  const sim = mean(known);
  const error = real === null || real === 0 ? null : sim / real - 1;
  return { real, sim, error, band: predictionInterval(known) };
}

/** Queue, prefill and decode as the engine reports them; client: the rest, which is the front end's way in and out. */
function splitOf(answered: Run["requests"], runs: readonly Run[]): ReplayReport["split"] {
  const real = answered.flatMap(partsOf);
  const sim = runs.flatMap(({ requests }) => requests.flatMap(partsOf));
  if (real.length === 0 || sim.length === 0) return null;
  const entries = splitParts.map((part) => {
    const meanOf = (parts: readonly Parts[]): number => mean(parts.map((one) => one[part]));
    return [part, { real: meanOf(real), sim: meanOf(sim) }] as const;
  });
  return Object.fromEntries(entries) as NonNullable<ReplayReport["split"]>;
}

function partsOf(request: Run["requests"][number]): Parts[] {
  const e2el = e2elMs(request);
  const [queue, prefill, decode] = (["queue", "prefill", "decode"] as const).map((part) =>
    parseFloat(request.extra?.[`server_${part}_ms`] ?? ""),
  ) as [number, number, number];
  const server = queue + prefill + decode;
  return e2el === null || Number.isNaN(server) ? [] : [{ queue, prefill, decode, client: e2el - server }];
}
