/** Times of a vLLM engine's host process and of the front end before it, as a profile has them, jittered where asked. */
import type { EngineJitter, JitterName, VllmEngineCost } from "../../formats/index.js";
import { exponential, stream } from "../kernel/index.js";
import type { GraphKind, GraphSizes } from "./graph-sizes.js";
import { hostPace } from "./host-pace.js";
import { HostStates, variationFactor } from "./sampled-variation.js";
import type { FrontEndCost, HostCost, OutputJob, StepShape } from "./step-cost.js";

/**
 * Factors by which times differ from their means, by the time at which they are asked for; and how long the front end is
 * held up at an output of so many tokens, ns (what collects the garbage comes with what is allocated).
 */
export type Factors = Readonly<Record<JitterName, (atNs: number) => number>> & {
  readonly stallNs: (tokens: number) => number;
};

const always = (): number => 1;

/** What the host and the front end on it do. */
const hostNames = ["schedule", "update", "launch_full_graph", "launch_piecewise", "launch_no_graph", "request", "output"] as const satisfies readonly JitterName[]; // prettier-ignore

/** Every time is its mean. */
const steady: Factors = {
  schedule: always,
  update: always,
  launch_full_graph: always,
  launch_piecewise: always,
  launch_no_graph: always,
  gpu: always,
  request: always,
  output: always,
  stallNs: () => 0,
};

/** Every time is its mean, that of being held up, too; `paceAt`: times the pace of the host, where that is known. */
export function meanFactors(jitter: EngineJitter | undefined, paceAt?: (atNs: number) => number): Factors {
  const named = hostNames.map((name) => [name, paceAt]);
  const factors = paceAt === undefined ? steady : { ...steady, ...(Object.fromEntries(named) as Partial<Factors>) };
  if (jitter?.output_stall === undefined) return factors;
  const { token_probability, mean_ns } = jitter.output_stall;
  return { ...factors, stallNs: (tokens) => heldUp(token_probability, tokens) * mean_ns };
}

/** Probability of being held up at an output of so many tokens. */
function heldUp(withToken: number, tokens: number): number {
  return 1 - (1 - withToken) ** tokens;
}

/**
 * Factors drawn from the streams `${name}/...`. Where the jitter has a pace, all times of the host share it and vary about
 * it each on its own; else launches and front-end jobs are alike by the host's states. `known`: the path of the pace, which
 * is drawn where it is absent.
 */
export function jitterFactors(jitter: EngineJitter, name: string, known?: (atNs: number) => number): Factors {
  const paceAt = known ?? (jitter.pace === undefined ? undefined : hostPace(jitter.pace, `${name}/pace`));
  const states = new HostStates(jitter.host_states, `${name}/host`, jitter.interrupted_share);
  const own = (of: JitterName): ((atNs: number) => number) => {
    const variation = jitter[of];
    if (variation === undefined) return always;
    const ratio = variationFactor(variation);
    const random = stream(`${name}/${of}`);
    return () => ratio(random());
  };
  const paced = (of: JitterName): ((atNs: number) => number) => {
    const residual = own(of);
    return paceAt === undefined ? residual : (atNs) => paceAt(atNs) * residual(atNs);
  };
  const ofHost = (of: JitterName): ((atNs: number) => number) => {
    const variation = jitter[of];
    if (paceAt !== undefined || variation === undefined) return paced(of);
    const ratio = variationFactor(variation);
    const uniform = states.uniform(stream(`${name}/${of}`));
    return (atNs) => ratio(uniform(atNs));
  };
  const { token_probability: chance, mean_ns } = jitter.output_stall ?? { token_probability: 0, mean_ns: 0 };
  const stalls = stream(`${name}/stall`);
  return {
    schedule: paced("schedule"),
    update: paced("update"),
    launch_full_graph: ofHost("launch_full_graph"),
    launch_piecewise: ofHost("launch_piecewise"),
    launch_no_graph: ofHost("launch_no_graph"),
    gpu: own("gpu"),
    request: ofHost("request"),
    output: ofHost("output"),
    stallNs: (tokens) => (stalls() < heldUp(chance, tokens) ? mean_ns * exponential(stalls) : 0),
  };
}

const launchNames = {
  full: "launch_full_graph",
  piecewise: "launch_piecewise",
  none: "launch_no_graph",
} as const satisfies Record<GraphKind, JitterName>;

/** Times of the host, of one run: a launch without graphs is remembered by the launches after it. */
export function hostCost(host: VllmEngineCost["host"], graphs: GraphSizes, factors: Factors): HostCost {
  const launchOf = (step: StepShape): (typeof launchNames)[GraphKind] =>
    launchNames[graphs.kind(step.scheduledTokens, graphs.isDecodes(step))];
  const leadNs = (step: StepShape, launchNs: number): number =>
    Math.round((host[launchOf(step)].lead ?? host.launch_lead) * launchNs);
  const recency = launchRecency(host.launch_recency);
  return {
    scheduleNs: (step, atNs) => {
      const prefillNs = (host.schedule.prefill_request_ns ?? 0) * step.prefillRequests;
      return Math.round((requestsNs(host.schedule, step.scheduledRequests) + prefillNs) * factors.schedule(atNs));
    },
    launchNs: (step, atNs) => {
      const name = launchOf(step);
      const { base_ns, request_ns } = host[name];
      const recent = graphs.isDecodes(step) ? 1 : recency(name === "launch_no_graph", atNs);
      return Math.round((base_ns + request_ns * step.scheduledRequests) * factors[name](atNs) * recent);
    },
    leadNs,
    idleSpanNs: (step, launchNs, gpuNs) => {
      const { overlap_power: power = Infinity } = host[launchOf(step)];
      const afterNs = leadNs(step, launchNs) + gpuNs;
      const isSoft = power < Infinity && !graphs.isDecodes(step);
      return isSoft ? softLaterNs(launchNs, afterNs, power) : Math.max(launchNs, afterNs);
    },
    updateNs: (requests, atNs) => Math.round(requestsNs(host.update, requests) * factors.update(atNs)),
    copyNs: Math.round(host.copy_ns),
    sendNs: Math.round(host.send_ns),
    takeRequestNs: Math.round(host.take_request_ns),
    wakeNs: Math.round(host.wake_ns),
    emptyStepSleepNs: Math.round(host.empty_step_sleep_ns),
  };
}

/** What a launch of a step that prefills takes of its time, by how long ago the last one without graphs was. */
function launchRecency(recency: VllmEngineCost["host"]["launch_recency"]): (isEager: boolean, atNs: number) => number {
  if (recency === undefined) return always;
  const { share, memory_ns } = recency;
  let lastNs = -Infinity;
  return (isEager, atNs) => {
    const factor = 1 - share * Math.exp((lastNs - atNs) / memory_ns);
    if (isEager) lastNs = atNs;
    return factor;
  };
}

/** The later of two ends that hold each other up the more the nearer they are; whole ns. */
export function softLaterNs(oneNs: number, otherNs: number, power: number): number {
  const later = Math.max(oneNs, otherNs);
  if (later === 0) return 0;
  const ratio = Math.min(oneNs, otherNs) / later;
  return Math.round(later * (1 + ratio ** power) ** (1 / power));
}

export function frontEndCost(cost: NonNullable<VllmEngineCost["front_end"]>, factors: Factors): FrontEndCost {
  const restNs = ({ chunks, firstTokens }: OutputJob): number =>
    Math.round((cost.chunk_ns * chunks) / 2 + cost.first_chunk_ns * firstTokens);
  return {
    acceptNs: Math.round(cost.accept_ns),
    deliveryNs: Math.round(cost.delivery_ns),
    requestNs: (promptTokens, atNs) =>
      Math.round((cost.request_ns + cost.request_token_ns * promptTokens) * factors.request(atNs)),
    hops: cost.request_hops,
    hopNs: (atNs) => Math.round(cost.request_hop_ns * factors.request(atNs)),
    hopGapNs: (atNs) => Math.round(cost.request_hop_gap_ns * factors.request(atNs)),
    outputNs: (job, atNs) => {
      const { tokens, chunks, firstTokens } = job;
      const writtenNs = cost.chunk_ns * chunks + cost.first_chunk_ns * firstTokens;
      const meanNs = cost.output_ns + cost.output_token_ns * tokens + writtenNs;
      return Math.max(restNs(job), Math.round(meanNs * factors.output(atNs) + factors.stallNs(tokens)));
    },
    restNs,
    firstWaitNs: ({ chunks }) => Math.round(cost.first_wait_token_ns * chunks),
  };
}

/** Mean time of a call by the requests of its step. */
export function requestsNs(
  { base_ns, request_ns, first_requests }: VllmEngineCost["host"]["update"],
  requests: number,
): number {
  const firstNs =
    first_requests === undefined ? 0 : first_requests.request_ns * Math.min(requests, first_requests.upto);
  return base_ns + request_ns * requests + firstNs;
}
