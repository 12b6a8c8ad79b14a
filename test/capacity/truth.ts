/**
 * What is true of a case, without the code that is tested: the capacity from long open loops of other seeds that bring a
 * little more than is served, so that the server is kept full, and whether a long open loop at the rate grows.
 */
import type { RequestRecord } from "../../formats/index.js";
import {
  atRunPace,
  machineOf,
  mean,
  sampleDeviation,
  simulateRun,
  workloadFromLengths,
  type SimulatedRunInput,
} from "../../sim/index.js";
import type { CapacityCase } from "./cases.js";

/** Of the time of the arrivals, when counting begins. */
const COUNTED_FROM = 0.3;
/** What the first open loop offers of what a closed one served: little, since how a server fills changes what it serves. */
const START = 0.6;
/** What an open loop offers of the rate that the one before it served, before and after one was not served all. */
const MORE = 1.12;
const LITTLE_MORE = { step: 1.05, batch: 1.5 } as const;
/** Below this share of what came, not all was served. */
const ALL = 0.98;
/**
 * Open loops that count, which come after one that was not served all and another: as many as make the standard error of
 * their mean that fraction of it, since a host may be slow for longer than one of them. And all that there may be.
 */
const COUNTED_ROUNDS = { min: 2, max: 12, error: 0.01 } as const;
const MAX_ROUNDS = 40;
/** Of the growth that a load above capacity must have, what shows it: half way to none. */
const SHOWN = 0.5;

export function inputOf({ plan, profile, load, seed, replicas }: CapacityCase): Omit<SimulatedRunInput, "workload"> {
  return { plan, profile, load, seed, replicas, coldStart: false };
}

/** On a host of its usual pace, which is the one whose capacity is reported. */
function onUsualDay(given: CapacityCase): Omit<SimulatedRunInput, "workload"> {
  const { cost } = given.profile;
  const pace = cost.kind === "vllm_engine" ? (cost.host.pace ?? 1) : 1;
  return inputOf({ ...given, profile: atRunPace(given.profile, pace) });
}

/** Requests per second of the case's server, kept full. */
export function trueCapacityPerS(given: CapacityCase): number {
  let ratePerS = START * closedLoopPerS(given);
  const counted: number[] = [];
  for (let round = 0, kept = true; !isEnough(counted.slice(1)); round++) {
    if (round === MAX_ROUNDS) throw new Error(`case ${given.number}: no rate is found that is too high`);
    const { servedPerS, share } = overloaded(given, (kept ? MORE : LITTLE_MORE[given.plan.work]) * ratePerS, round);
    kept &&= share > ALL;
    ratePerS = servedPerS;
    if (!kept) counted.push(servedPerS);
  }
  return mean(counted.slice(1));
}

function isEnough(rates: readonly number[]): boolean {
  const { min, max, error } = COUNTED_ROUNDS;
  if (rates.length < min) return false;
  return rates.length >= max || sampleDeviation(rates) / Math.sqrt(rates.length) <= error * mean(rates);
}

/** Where to begin: clients enough for all slots, which begin together and may go on together. */
function closedLoopPerS(given: CapacityCase): number {
  const seed = `${given.seed}/closed`;
  const slots = slotsOf(given) * given.replicas;
  const load = { ...given.load, num_prompts: 10 * slots, max_concurrency: 2 * slots + 60 };
  const workload = workloadFromLengths(load, seed);
  const run = simulateRun({ ...onUsualDay(given), load, workload, seed });
  return run.info.summary!.request_throughput as number;
}

/** What is served of a load that is offered at that rate: per second, and of what comes. */
function overloaded(given: CapacityCase, request_rate: number, round: number): { servedPerS: number; share: number } {
  const seed = `${given.seed}/truth/${round}`;
  const load = { ...given.load, num_prompts: longCount(given), request_rate };
  const workload = workloadFromLengths(load, seed);
  const run = simulateRun({ ...onUsualDay(given), load, workload, seed });
  const toS = run.requests.at(-1)!.arrivalNs / 1e9;
  const fromS = COUNTED_FROM * toS;
  const countOf = (timesS: readonly number[]): number => timesS.filter((timeS) => timeS > fromS && timeS <= toS).length;
  const served = countOf(endsS(run.requests));
  const came = countOf(run.requests.map(({ arrivalNs }) => arrivalNs / 1e9));
  return { servedPerS: served / (toS - fromS), share: served / came };
}

/**
 * Whether requests in the system grow in number over the second half of a long run at the rate, evenly spaced: by
 * arrivals less capacity per second, or not at all.
 */
export function grows(given: CapacityCase, ratePerS: number): boolean {
  const seed = `${given.seed}/open`;
  const load = {
    ...given.load,
    num_prompts: 2 * longCount(given),
    request_rate: ratePerS,
    arrivals: "constant" as const,
  };
  const workload = workloadFromLengths(load, seed);
  const run = simulateRun({ ...onUsualDay(given), load, workload, seed });
  const lastS = run.requests.at(-1)!.arrivalNs / 1e9;
  const answered = endsS(run.requests).filter((end) => end > lastS / 2 && end <= lastS).length;
  const growthPerS = ratePerS - answered / (lastS / 2);
  return growthPerS > SHOWN * ratePerS * (1 - 1 / Math.max(given.utilisation, 1.05));
}

/** Long beside what the server holds at once, and not longer than it takes seconds to simulate. */
function longCount(given: CapacityCase): number {
  if (given.plan.work === "step") return Math.max(8_000, 40 * slotsOf(given)) * given.replicas;
  return given.profile.cost.kind === "vllm_engine"
    ? Math.max(1_200, 120 * slotsOf(given))
    : Math.max(4_000, 300 * slotsOf(given));
}

function slotsOf({ plan, profile }: CapacityCase): number {
  if (plan.work === "step") return plan.create(machineOf(profile)).limits.maxNumSeqs;
  const { batch_size, max_batch_size = batch_size } = plan.settings as Record<string, number>;
  return max_batch_size!;
}

function endsS(requests: readonly RequestRecord[]): number[] {
  const answered = requests.filter(({ status }) => status === "ok");
  return Array.from(Float64Array.from(answered, ({ lastTokenNs }) => lastTokenNs! / 1e9).sort());
}
