/** Times of a vLLM engine's host process and of the front end before it, as a profile has them, jittered where asked. */
import type { EngineJitter, JitterName, VllmEngineCost } from "../../formats/index.js";
import { normal, stream } from "../kernel/index.js";
import type { GraphKind, GraphSizes } from "./graph-sizes.js";
import { sampledVariation } from "./sampled-variation.js";
import type { FrontEndCost, HostCost, StepShape } from "./step-cost.js";

/** A factor by which a time differs from its mean. */
export type Factors = Readonly<Record<JitterName, () => number>>;

const always = (): number => 1;
const hostTimes: readonly JitterName[] = [
  "schedule",
  "update",
  "launch_full_graph",
  "launch_piecewise",
  "launch_no_graph",
  "request",
  "output",
];

/** Every time is its mean. */
export const steady: Factors = {
  schedule: always,
  update: always,
  launch_full_graph: always,
  launch_piecewise: always,
  launch_no_graph: always,
  gpu: always,
  request: always,
  output: always,
};

/** Factors drawn from the streams `${name}/...`; one more, drawn once, for all times of the host. */
export function jitterFactors(jitter: EngineJitter, name: string): Factors {
  const hostState = Math.exp(jitter.run_spread * normal(stream(`${name}/run`)));
  const factor = (of: JitterName): (() => number) => {
    const variation = jitter[of];
    const state = hostTimes.includes(of) ? hostState : 1;
    if (variation === undefined) return () => state;
    const draw = sampledVariation(variation, stream(`${name}/${of}`));
    return () => state * draw();
  };
  return Object.fromEntries(Object.keys(steady).map((of) => [of, factor(of as JitterName)])) as unknown as Factors;
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
    scheduleNs: (requests) => growing(host.schedule, requests, factors.schedule()),
    launchNs: (step) => {
      const name = launchOf(step);
      return growing(host[name], step.scheduledRequests, factors[name]());
    },
    leadNs: (step, launchNs) => Math.round((host[launchOf(step)].lead ?? host.launch_lead) * launchNs),
    updateNs: (requests) => growing(host.update, requests, factors.update()),
    copyNs: Math.round(host.copy_ns),
    sendNs: Math.round(host.send_ns),
    takeRequestNs: Math.round(host.take_request_ns),
    wakeNs: Math.round(host.wake_ns),
    emptyStepSleepNs: Math.round(host.empty_step_sleep_ns),
  };
}

export function frontEndCost(cost: NonNullable<VllmEngineCost["front_end"]>, factors: Factors): FrontEndCost {
  return {
    acceptNs: Math.round(cost.accept_ns),
    deliveryNs: Math.round(cost.delivery_ns),
    requestNs: (promptTokens) =>
      Math.round((cost.request_ns + cost.request_token_ns * promptTokens) * factors.request()),
    hops: cost.request_hops,
    hopNs: Math.round(cost.request_hop_ns),
    outputNs: (tokens, firstTokens) => {
      const meanNs =
        cost.output_ns + (cost.output_token_ns + cost.chunk_ns) * tokens + cost.first_chunk_ns * firstTokens;
      return Math.round(meanNs * factors.output());
    },
  };
}

function growing(
  { base_ns, request_ns }: VllmEngineCost["host"]["schedule"],
  requests: number,
  factor: number,
): number {
  return Math.round((base_ns + request_ns * requests) * factor);
}
