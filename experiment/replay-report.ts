/**
 * How a simulation of a recorded run compares with it: the recorded requests are simulated under the recorded settings
 * and load, as often as asked with other draws of the jitter; every statistic is the mean over these, beside the real one.
 */
import type { Profile, Run } from "../formats/index.js";
import { columnsOf, e2elMs, mean, predictionInterval, replayRecording, summarise } from "../sim/index.js";

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

export interface ReplayReport {
  readonly recording: string;
  readonly profile: string;
  readonly requests: number;
  readonly replications: number;
  readonly jitter: "on" | "off";
  readonly metrics: Readonly<Record<StatisticKey, ReplayStatistic>>;
  readonly preemptions: { readonly real: number | null; readonly sim: number };
  /** Mean milliseconds of a request by part, where recording and profile have the engine's own times. */
  readonly split: Readonly<Record<SplitPart, { real: number; sim: number }>> | null;
  readonly overloaded: boolean;
  readonly notes: readonly string[];
}

export interface ReplayReportOptions {
  /** What to call the recording. */
  readonly name: string;
  readonly seed: string;
  readonly jitter: boolean;
  readonly replications: number;
}

export function replayReport(profile: Profile, recording: Run, options: ReplayReportOptions): ReplayReport {
  const { jitter, seed } = options;
  const isJittered = jitter && profile.cost.kind === "vllm_engine" && profile.cost.jitter !== undefined;
  const replications = isJittered ? options.replications : 1;
  const runs = Array.from({ length: replications }, (_, k) =>
    replayRecording(profile, recording, { seed: k === 0 ? seed : `${seed}/${k}`, jitter }),
  );
  const answered = recording.requests.filter(({ status }) => status === "ok");
  const real = summarise(columnsOf(answered)) as unknown as Readonly<Record<string, number | null>>;
  const summaries = runs.map(({ info }) => info.summary as Readonly<Record<string, number | null>>);
  const keys = replayStatistics.flatMap((stat) => replayMetrics.map((metric): StatisticKey => `${stat}_${metric}_ms`));
  const metrics = Object.fromEntries(
    keys.map((key) => [key, statistic(real[key] ?? null, summaries.map((summary) => summary[key] ?? null))]), // prettier-ignore
  ) as unknown as ReplayReport["metrics"];
  const notes = [...new Set(runs.flatMap(({ info }) => info.notes ?? []))];
  return {
    recording: options.name,
    profile: profile.name,
    requests: answered.length,
    replications,
    jitter: isJittered ? "on" : "off",
    metrics,
    preemptions: {
      real: typeof recording.info.preemptions === "number" ? recording.info.preemptions : null,
      sim: mean(runs.map(({ info }) => Number(info.preemptions))),
    },
    split: splitOf(answered, runs),
    overloaded: summaries.some(({ overloaded }) => Boolean(overloaded)),
    notes,
  };
}

/** Simulations from which a statistic's mean is told. */
export const REPLICATIONS = 50;

/** Reports of runs that were not in a profile's fit. */
export function scoreHeldOut(
  profile: Profile,
  heldOut: readonly { readonly name: string; readonly run: Run }[],
  seed: string,
): ReplayReport[] {
  const options = { seed, jitter: true, replications: REPLICATIONS };
  return heldOut.map(({ name, run }) => replayReport(profile, run, { name, ...options }));
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

/** Queue, prefill and decode as the engine tells them; client: the rest, which is the front end's way in and out. */
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
