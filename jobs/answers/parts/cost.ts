/** What serving costs at a rate: money where a price is known, energy where the profile knows the machine's power. */
import type { AnswerCost, Profile } from "../../../formats/index.js";
import { mean, type PolicyPlan } from "../../../sim/index.js";
import type { DetailedProbe } from "../run/index.js";

export interface CostInput {
  readonly profile: Profile;
  readonly policy: Pick<PolicyPlan, "settings">;
  /** Of one replica; absent: the profile's, if it has one, for each of its data parallel ranks. */
  readonly pricePerHour?: number | undefined;
  readonly replicas: number;
  /** Share of the time in which the replicas compute. */
  readonly busy: number;
  readonly requestsPerS: number;
  readonly promptTokens: number;
  /** Per request. */
  readonly outputTokens: number;
}

const S_PER_HOUR = 3600;

/** Null where neither a price nor a power is known, or nothing is served. */
export function costOf(input: CostInput): AnswerCost | null {
  const { profile, replicas, requestsPerS, promptTokens, outputTokens } = input;
  const machines = machinesOf(input);
  const { price_per_hour: pricePerMachine, watts: power } = profile.machine;
  const price = input.pricePerHour ?? (pricePerMachine === undefined ? null : machines * pricePerMachine);
  const wattsPerMachine = wattsOf(power, input.busy);
  const watts = wattsPerMachine === null ? null : machines * wattsPerMachine;
  if ((price === null && watts === null) || requestsPerS <= 0) return null;
  const perRequest = price === null ? null : (price * replicas) / (requestsPerS * S_PER_HOUR);
  const joules = watts === null ? null : (watts * replicas) / requestsPerS;
  const per = (amount: number | null, tokens: number): number | null =>
    amount === null || tokens === 0 ? null : amount / tokens;
  const millionth = (amount: number | null): number | null => (amount === null ? null : 1e6 * amount);
  return {
    price_per_hour: price,
    replicas,
    per_million_tokens: millionth(per(perRequest, promptTokens + outputTokens)),
    per_million_output_tokens: millionth(per(perRequest, outputTokens)),
    per_request: perRequest,
    joules_per_output_token: per(joules, outputTokens),
    watt_hours_per_request: joules === null ? null : joules / S_PER_HOUR,
  };
}

/** Machines like the profile's that a replica takes: with more data parallel ranks than it was measured with, more. */
function machinesOf({ profile, policy }: CostInput): number {
  const measured = Number(profile.engine.settings.data_parallel_size ?? 1);
  return Number(policy.settings.data_parallel_size ?? measured) / measured;
}

export interface CostOfRuns extends Pick<CostInput, "profile" | "policy" | "pricePerHour" | "replicas"> {
  /** Absent: what the runs served. */
  readonly requestsPerS?: number;
}

/** The same of runs of one deployment; null also where there are none. */
export function costOfRuns(probes: readonly DetailedProbe[], input: CostOfRuns): AnswerCost | null {
  if (probes.length === 0) return null;
  const meanOf = (key: string): number => mean(probes.map(({ statistics }) => statistics[key] ?? 0));
  return costOf({
    ...input,
    busy: mean(probes.map(({ busy }) => busy.gpu)),
    requestsPerS: input.requestsPerS ?? meanOf("request_throughput"),
    promptTokens: meanOf("prompt_tokens_per_request"),
    outputTokens: meanOf("output_tokens_per_request"),
  });
}

/** Of one machine: what it takes while it computes and while it waits, weighted by time. */
function wattsOf(watts: Profile["machine"]["watts"], busy: number): number | null {
  if (watts === undefined) return null;
  return typeof watts === "number" ? watts : watts.idle + Math.min(1, busy) * (watts.busy - watts.idle);
}
