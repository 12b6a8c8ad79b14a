/**
 * A recorded run as something to fit to: how far a simulation of it with trial costs is from it, feature by feature. Of
 * loads: means and quantiles of latencies and gaps, and requests in groups and, once costs are near, one by one; of probes:
 * medians of groups.
 */
import type { Profile, Run, VllmEngineCost } from "../../../formats/index.js";
import {
  atRunPace,
  e2elMs,
  mean,
  quantile,
  replayInput,
  sampleDeviation,
  simulateRun,
  type SimulatedRunInput,
} from "../../../sim/index.js";
import type { Miss } from "../../fit/numerics/index.js";
import type { SearchConstants } from "./black-box-constants.js";
import { buildProfile } from "../profile/index.js";
import {
  chunkGapsMs,
  gapQuantiles,
  loadFeatures,
  probeFeatures,
  type Feature,
  isProbes,
  type RecordedRun,
} from "../recording/index.js";
import { pairedGroups, pairedMiss, singleRequests, timesOf } from "./paired-times.js";

/** Simulates a recorded run on an engine of such costs. */
export type Replay = (run: Run, cost: VllmEngineCost, seed: string) => Run;

/**
 * Through a profile of nothing but the costs and what the runs say of model and server. No run is drawn slower or faster than
 * the costs: the recording's own pace is in them.
 */
export function trialReplay(runs: readonly RecordedRun[]): Replay {
  // Of all trials of a run only costs and seeds differ.
  let base: Profile | undefined;
  const inputs = new Map<Run, SimulatedRunInput>();
  return (run, cost, seed) => {
    base ??= buildProfile({ name: "trial", cost, runs, notes: [] });
    const input = inputs.get(run) ?? replayInput(base, run, { seed, jitter: true });
    inputs.set(run, input);
    return simulateRun({ ...input, profile: atRunPace({ ...base, cost }, cost.host.pace ?? 1), seed });
  };
}

export interface ClientTarget {
  /** The weights of all features but single requests sum to `share` at most. */
  readonly missesOf: (cost: VllmEngineCost) => Miss[];
  /**
   * Sees at these costs which features differ from draw to draw of the jitter, and has them count less from now on. `isNear`:
   * the costs are near enough for requests to be compared one by one, too.
   */
  readonly settle: (cost: VllmEngineCost, isNear: boolean) => void;
}

export interface TargetOptions {
  readonly replay: Replay;
  /** Of all weight, this run's. */
  readonly share: number;
  readonly weighing: Pick<SearchConstants, "pairedWeight" | "chaos" | "singleWeight" | "singleChaos">;
}

/** Simulated runs of a load, with other draws of the jitter, so that one draw does not decide; and to see how draws differ. */
const LOAD_REPLICATIONS = 3;
/** Where single requests count: a search would find the costs by which they are met in a few draws by chance. */
const NEAR_REPLICATIONS = 6;
const SETTLE_REPLICATIONS = 8;
/** Clients' clocks resolve no less, ms. */
const MIN_MS = 0.05;

interface Weighed extends Miss {
  /** Of one request, beside the features of all. */
  readonly isSingle?: true;
}

export function clientTarget(recorded: RecordedRun, { replay, share, weighing }: TargetOptions): ClientTarget {
  const answered: Run = {
    ...recorded.run,
    requests: recorded.run.requests.filter(({ status }) => status === "ok"),
  };
  const compare = isProbes(recorded) ? probesComparison(answered) : loadComparison(answered, weighing);
  let replications = isProbes(recorded) ? 1 : LOAD_REPLICATIONS;
  /** Of each feature; counted until the first settling as if all draws were alike, and single requests not at all. */
  let steadiness: readonly number[] | undefined;
  const missesIn = (cost: VllmEngineCost, count: number): Weighed[][] =>
    Array.from({ length: count }, (_, k) => compare(replay(answered, cost, `fit/${k}`)));
  return {
    missesOf: (cost) => {
      const draws = missesIn(cost, replications);
      const total = draws[0]!.reduce((sum, { weight, isSingle }) => sum + (isSingle ? 0 : weight), 0);
      return draws[0]!.map(({ weight, isSingle }, at) => ({
        log: logIn(draws, at),
        weight: isSingle
          ? share * weight * (steadiness?.[at] ?? 0)
          : (share * weight * (steadiness?.[at] ?? 1)) / total,
      }));
    },
    settle: (cost, isNear) => {
      if (isProbes(recorded)) return;
      if (isNear) replications = NEAR_REPLICATIONS;
      const draws = missesIn(cost, SETTLE_REPLICATIONS);
      const scatter = scatterOf(draws[0]!.flatMap(({ isSingle }, at) => (isSingle ? [logIn(draws, at)] : [])));
      steadiness = draws[0]!.map(({ isSingle }, at) => {
        if (isSingle && !isNear) return 0;
        const deviation = sampleDeviation(draws.map((draw) => draw[at]!.log));
        if (isSingle) return 1 / (1 + (deviation ** 2 + scatter ** 2) / weighing.singleChaos ** 2);
        return 1 / (1 + (deviation / weighing.chaos) ** 2);
      });
    },
  };
}

function logIn(draws: readonly (readonly Weighed[])[], at: number): number {
  return mean(draws.map((draw) => draw[at]!.log));
}

/** By how much single requests differ from the next one in order of arrival: a host's noise, which no costs explain, is in it. */
function scatterOf(logs: readonly number[]): number {
  if (logs.length < 2) return 0;
  const steps = logs.slice(1).map((log, at) => (log - logs[at]!) ** 2);
  return Math.sqrt(mean(steps) / 2);
}

function missOf({ ms, weight }: Feature, simulatedMs: number | undefined): Weighed {
  return { log: Math.log(Math.max(simulatedMs ?? 0, MIN_MS) / Math.max(ms, MIN_MS)), weight };
}

function probesComparison(real: Run): (simulated: Run) => Weighed[] {
  const groups = new Map(real.requests.map(({ requestId, extra }) => [requestId, extra?.probe ?? ""]));
  const featuresOf = ({ requests }: Run): Feature[] => probeFeatures(requests, (id) => groups.get(id) ?? "");
  const seen = featuresOf(real);
  return (simulated) => {
    const found = new Map(featuresOf(simulated).map(({ name, ms }) => [name, ms]));
    return seen.map((feature) => missOf(feature, found.get(feature.name)));
  };
}

function loadComparison(real: Run, weighing: TargetOptions["weighing"]): (simulated: Run) => Weighed[] {
  // Requests without times were part of the load, but show nothing.
  const answered = real.requests.filter((request) => e2elMs(request) !== null);
  const isAnswered = new Set(answered.map(({ requestId }) => requestId));
  const seen = loadFeatures(answered);
  const gaps = gapFeatures(chunkGapsMs(real));
  const groups = pairedGroups(answered);
  const singles = singleRequests(answered);
  const times = timesOf(answered);
  const ofStatistics = [...seen, ...gaps].reduce((sum, { weight }) => sum + weight, 0);
  const ofGroup = (weighing.pairedWeight * ofStatistics) / Math.max(1, groups.length);
  const ofSingle = weighing.singleWeight / Math.max(1, singles.length);
  return ({ requests, info }) => {
    const simulatedAnswers = requests.filter(({ requestId }) => isAnswered.has(requestId));
    const found = new Map(loadFeatures(simulatedAnswers).map(({ name, ms }) => [name, ms]));
    for (const p of gapQuantiles) found.set(`itl p${100 * p}`, Number(info.summary?.[`p${100 * p}_itl_ms`]));
    const byId = new Map(simulatedAnswers.map((request) => [request.requestId, request]));
    const simulated = timesOf(answered.map(({ requestId }) => byId.get(requestId)!));
    return [
      ...[...seen, ...gaps].map((feature) => missOf(feature, found.get(feature.name))),
      ...groups.map((group) => ({ log: pairedMiss(group, simulated, times), weight: ofGroup })),
      ...singles.map((one) => ({ log: pairedMiss(one, simulated, times), weight: ofSingle, isSingle: true as const })),
    ];
  };
}

/** Quantiles of gaps between chunks, where enough chunks were recorded; the longest count less. */
function gapFeatures(gaps: Float64Array): Feature[] {
  if (gaps.length < 200) return [];
  return gapQuantiles.map((p) => ({ name: `itl p${100 * p}`, ms: quantile(gaps, p), weight: p === 0.99 ? 0.5 : 1 }));
}
