/** Times of a vLLM engine's host process and of the front end before it, as a profile has them, jittered where asked. */
import type { EngineJitter, JitterName, VllmEngineCost } from "../../formats/index.js";
import { exponential, normal, stream } from "../kernel/index.js";
import type { GraphKind, GraphSizes } from "./graph-sizes.js";
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

/** Every time is its mean, that of being held up, too. */
export function meanFactors(jitter: EngineJitter | undefined): Factors {
  if (jitter?.output_stall === undefined) return steady;
  const { token_probability, mean_ns } = jitter.output_stall;
  return { ...steady, stallNs: (tokens) => heldUp(token_probability, tokens) * mean_ns };
}

/** Probability of being held up at an output of so many tokens. */
function heldUp(withToken: number, tokens: number): number {
  return 1 - (1 - withToken) ** tokens;
}

/** Factors drawn from the streams `${name}/...`; one more, drawn once from `${run}/run`, for all times of the host. */
export function jitterFactors(jitter: EngineJitter, name: string, run = name): Factors {
  const runFactor = Math.exp((jitter.run_spread ?? 0) * normal(stream(`${run}/run`)));
  const factor = (of: JitterName, uniform: (atNs: number) => number): ((atNs: number) => number) => {
    const variation = jitter[of];
    const scale = of === "gpu" ? 1 : runFactor;
    if (variation === undefined) return () => scale;
    const ratio = variationFactor(variation);
    return (atNs) => scale * ratio(uniform(atNs));
  };
  const states = new HostStates(jitter.host_states, stream(`${name}/host`), jitter.interrupted_share);
  const own = (of: JitterName): ((atNs: number) => number) => factor(of, stream(`${name}/${of}`));
  const ofHost = (of: JitterName): ((atNs: number) => number) => factor(of, states.uniform(stream(`${name}/${of}`)));
  const { token_probability: chance, mean_ns } = jitter.output_stall ?? { token_probability: 0, mean_ns: 0 };
  const stalls = stream(`${name}/stall`);
  return {
    schedule: own("schedule"),
    update: own("update"),
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

export function hostCost(host: VllmEngineCost["host"], graphs: GraphSizes, factors: Factors): HostCost {
  const launchOf = (step: StepShape): (typeof launchNames)[GraphKind] =>
    launchNames[graphs.kind(step.scheduledTokens, step.prefillTokens === 0)];
  return {
    scheduleNs: (requests) => growing(host.schedule, requests, factors.schedule(0)),
    launchNs: (step, atNs) => {
      const name = launchOf(step);
      return growing(host[name], step.scheduledRequests, factors[name](atNs));
    },
    leadNs: (step, launchNs) => Math.round((host[launchOf(step)].lead ?? host.launch_lead) * launchNs),
    updateNs: (requests) => growing(host.update, requests, factors.update(0)),
    copyNs: Math.round(host.copy_ns),
    sendNs: Math.round(host.send_ns),
    takeRequestNs: Math.round(host.take_request_ns),
    wakeNs: Math.round(host.wake_ns),
    emptyStepSleepNs: Math.round(host.empty_step_sleep_ns),
  };
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

function growing(
  { base_ns, request_ns }: VllmEngineCost["host"]["schedule"],
  requests: number,
  factor: number,
): number {
  return Math.round((base_ns + request_ns * requests) * factor);
}
