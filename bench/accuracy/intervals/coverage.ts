/**
 * How many statistics of recorded runs lie in the interval that 9 of 10 real runs are predicted to fall into, by kind of load.
 * Runs of a profile's fit are left out: of them an interval says nothing.
 */
import { replicate, type PredictedIntervals } from "../../../jobs/replicate/index.js";
import type { Profile, Run } from "../../../formats/index.js";
import { columnsOf, mean, replayInput, sampleDeviation, studentT, summarise } from "../../../sim/index.js";
import { coverageKinds, kindOfLoad, type CoverageKind } from "./load-kind.js";
import { isInFit, repeatsFit } from "./profile-of.js";

export interface CoveredStatistic {
  readonly key: string;
  readonly real: number;
  readonly sim: number;
  readonly low: number;
  readonly high: number;
  readonly inside: boolean;
}

export interface CoveredRun {
  readonly recording: string;
  readonly profile: string;
  readonly kind: CoverageKind;
  readonly utilisation: number | null;
  /** A run of the same load, with the same arrivals, was in the fit. */
  readonly repeats_fit: boolean;
  readonly replications: number;
  readonly statistics: readonly CoveredStatistic[];
}

export interface Coverage {
  readonly runs: number;
  readonly statistics: number;
  readonly inside: number;
  readonly coverage: number | null;
  /** too narrow: surely below 85 %; too wide: surely above 95 % (one-sided, 95 %); cannot tell: neither, and outside of the two. */
  readonly verdict: "as wanted" | "too narrow" | "too wide" | "cannot tell" | "no runs";
}

export interface RecordingToCover {
  /** `setting/run`. */
  readonly name: string;
  readonly run: Run;
  readonly profile: Profile;
}

/** What is wanted of intervals of 90 %. */
const WANTED = [0.85, 0.95] as const;

const keys = ["ttft", "tpot", "e2el"].flatMap((metric) =>
  ["mean", "p50", "p95", "p99"].map((stat) => `${stat}_${metric}_ms`),
);

/** Null for a run of the profile's fit. ConfigError or ArtifactError for one that cannot be simulated on it. */
export async function coverRun(
  { name, run, profile }: RecordingToCover,
  options: { readonly seed: string; readonly replications?: number | undefined },
): Promise<CoveredRun | null> {
  if (isInFit(profile, name)) return null;
  const input = replayInput(profile, run, { seed: options.seed, jitter: true });
  const simulated = (await replicate(input, { replications: options.replications })).run.info;
  const intervals = (simulated.intervals ?? {}) as PredictedIntervals;
  const answered = run.requests.filter(({ status }) => status === "ok");
  const real = summarise(columnsOf(answered));
  const statistics = keys.flatMap((key): CoveredStatistic[] => {
    const value = real[key as keyof typeof real];
    const interval = intervals[key];
    if (typeof value !== "number" || interval === undefined || real.hidden_percentiles.includes(key)) return [];
    const { low, high } = interval;
    const inside = low <= value && value <= high;
    return [{ key, real: value, sim: simulated.summary![key] as number, low, high, inside }];
  });
  return {
    recording: name,
    profile: profile.name,
    ...kindOfLoad(profile, run),
    repeats_fit: repeatsFit(profile, name),
    replications: Number(simulated.replications),
    statistics,
  };
}

export type CoverageByKind = Readonly<Record<CoverageKind | "all", Coverage>>;

export function coverageByKind(runs: readonly CoveredRun[]): CoverageByKind {
  const groups = [["all", runs], ...coverageKinds.map((kind) => [kind, runs.filter((run) => run.kind === kind)])] as [
    CoverageKind | "all",
    readonly CoveredRun[],
  ][];
  return Object.fromEntries(groups.map(([kind, of]) => [kind, coverageOf(of)])) as CoverageByKind;
}

/** Statistics of one run are alike, so runs are what is counted: the share inside has the error of a mean over runs. */
export function coverageOf(runs: readonly CoveredRun[]): Coverage {
  const told = runs.filter(({ statistics }) => statistics.length > 0);
  const statistics = told.flatMap((run) => run.statistics);
  const inside = statistics.filter((one) => one.inside).length;
  const counts = { runs: told.length, statistics: statistics.length, inside };
  if (statistics.length === 0) return { ...counts, coverage: null, verdict: "no runs" };
  const coverage = inside / statistics.length;
  return { ...counts, coverage, verdict: verdictOf(coverage, told) };
}

function verdictOf(coverage: number, runs: readonly CoveredRun[]): Coverage["verdict"] {
  const [low, high] = WANTED;
  if (coverage >= low && coverage <= high) return "as wanted";
  if (runs.length < 2) return "cannot tell";
  const shares = runs.map(({ statistics }) => mean(statistics.map(({ inside }) => Number(inside))));
  const bound = coverage < low ? low : high;
  const all = runs.reduce((sum, { statistics }) => sum + statistics.length, 0);
  const error = Math.max(sampleDeviation(shares) / Math.sqrt(runs.length), Math.sqrt((bound * (1 - bound)) / all));
  if (Math.abs(coverage - bound) <= studentT(0.9, runs.length - 1) * error) return "cannot tell";
  return coverage < low ? "too narrow" : "too wide";
}
