/** Times of a vLLM engine's host process and of the front end before it, as a profile has them, jittered where asked. */
import type { EngineJitter, JitterName, VllmEngineCost } from "../../formats/index.js";
import { exponential, normal, stream } from "../kernel/index.js";
import type { GraphKind, GraphSizes } from "./graph-sizes.js";
import { hostUniform, variationFactor } from "./sampled-variation.js";
import type { FrontEndCost, HostCost, StepShape } from "./step-cost.js";

/**
 * Factors by which times differ from their means, by the time at which they are asked for; and how long the front end is
 * held up at an output, ns.
 */
export type Factors = Readonly<Record<JitterName, (atNs: number) => number>> & { readonly stallNs: () => number };

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
  const { probability, mean_ns } = jitter.output_stall;
  const meanNs = probability * mean_ns;
  return { ...steady, stallNs: () => meanNs };
}

/** Factors drawn from the streams `${name}/...`; one more, drawn once, for all times of the host. */
export function jitterFactors(jitter: EngineJitter, name: string): Factors {
  const runFactor = Math.exp(jitter.run_spread * normal(stream(`${name}/run`)));
  const factor = (of: JitterName, uniform: (atNs: number) => number): ((atNs: number) => number) => {
    const variation = jitter[of];
    const scale = of === "gpu" ? 1 : runFactor;
    if (variation === undefined) return () => scale;
    const ratio = variationFactor(variation);
    return (atNs) => scale * ratio(uniform(atNs));
  };
  const own = (of: JitterName): ((atNs: number) => number) => factor(of, stream(`${name}/${of}`));
  const state = hostUniform(jitter.host_states, stream(`${name}/host`));
  const launch = (of: JitterName): ((atNs: number) => number) => factor(of, state);
  const { probability, mean_ns } = jitter.output_stall ?? { probability: 0, mean_ns: 0 };
  const stalls = stream(`${name}/stall`);
  return {
    schedule: own("schedule"),
    update: own("update"),
    launch_full_graph: launch("launch_full_graph"),
    launch_piecewise: launch("launch_piecewise"),
    launch_no_graph: launch("launch_no_graph"),
    gpu: own("gpu"),
    request: own("request"),
    output: own("output"),
    stallNs: () => (stalls() < probability ? mean_ns * exponential(stalls) : 0),
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
  const tokenNs = cost.output_token_ns + cost.chunk_ns;
  const restNs = (tokens: number, firstTokens: number): number =>
    Math.round((tokenNs * tokens) / 2 + cost.first_chunk_ns * firstTokens);
  return {
    acceptNs: Math.round(cost.accept_ns),
    deliveryNs: Math.round(cost.delivery_ns),
    requestNs: (promptTokens) =>
      Math.round((cost.request_ns + cost.request_token_ns * promptTokens) * factors.request(0)),
    hops: cost.request_hops,
    hopNs: Math.round(cost.request_hop_ns),
    outputNs: (tokens, firstTokens) => {
      const meanNs = cost.output_ns + tokenNs * tokens + cost.first_chunk_ns * firstTokens;
      return Math.max(restNs(tokens, firstTokens), Math.round(meanNs * factors.output(0) + factors.stallNs()));
    },
    restNs,
    firstWaitNs: (tokens) => Math.round(cost.first_wait_token_ns * tokens),
  };
}

function growing(
  { base_ns, request_ns }: VllmEngineCost["host"]["schedule"],
  requests: number,
  factor: number,
): number {
  return Math.round((base_ns + request_ns * requests) * factor);
}
