/**
 * The engine's cost model as a vector of logarithms, so that a search can move it. It holds the costs that clients' times alone can show.
 * What they cannot tell apart is tied together or taken from what other servers showed; `ASSUMPTIONS` says what.
 */
import type { VllmEngineCost } from "../../../formats/index.js";
import { blackBoxConstants, type AssumedParts } from "./black-box-constants.js";
import { logNormalVariation } from "../../fit/numerics/index.js";

export const ASSUMPTIONS: readonly string[] = [
  "client times alone: assumed that the GPU begins after 62 % of a full graph's launch, 30 % of a piecewise and 10 % of an eager one",
  "client times alone: assumed that update takes half as long as schedule, that launches close in time are alike and 3 % of them much longer, as on a measured server",
  "client times alone: how one run differs from the next is not known from one calibration",
];

const gpuParameterNames = [
  "decode_base",
  "decode_padded_token",
  "context_token",
  "mixed_base",
  "prefill_base",
  "prefill_padded_token",
  "attention_pair",
] as const;

/** Reading all experts, of a model that is known to have some. */
const EXPERTS = "experts";

/** All but the costs of the GPU. */
export const hostParameterNames = [
  "launch_full",
  "launch_piecewise",
  "launch_none",
  "launch_request",
  "schedule",
  "schedule_request",
  "accept",
  "request",
  "request_token",
  "output",
  "output_token",
  "first_wait_token",
  "delivery",
  "launch_sigma",
  "front_sigma",
  "stall_probability",
  "stall",
] as const;

/** Of a model without experts. */
export const denseParameterNames = [...gpuParameterNames, ...hostParameterNames] as const;
export const parameterNames = [...gpuParameterNames, EXPERTS, ...hostParameterNames] as const;

/** Of one with experts: what its decodes grow with is the reading of experts, and of context. */
export const expertParameterNames = parameterNames.filter((name) => name !== "decode_padded_token");

export type ParameterName = (typeof parameterNames)[number];
/** Natural units (ns; sigmas and probabilities as they are), every one positive. */
export type Parameters = Readonly<Record<ParameterName, number>>;

export function costOf(p: Parameters, parts: AssumedParts = blackBoxConstants.parts): VllmEngineCost {
  const { leads, updateShare, experts } = parts;
  const launches = logNormalVariation(p.launch_sigma, parts.launchTail);
  return {
    kind: "vllm_engine",
    gpu: {
      decode_base_ns: p.decode_base,
      decode_padded_token_ns: p.decode_padded_token,
      context_token_ns: p.context_token,
      mixed_base_ns: p.mixed_base,
      prefill_base_ns: p.prefill_base,
      prefill_padded_token_ns: p.prefill_padded_token,
      attention_pair_ns: p.attention_pair,
      ...(experts === undefined ? {} : { experts: { ...experts, all_ns: p.experts } }),
    },
    host: {
      schedule: { base_ns: p.schedule, request_ns: p.schedule_request },
      update: { base_ns: updateShare * p.schedule, request_ns: updateShare * p.schedule_request },
      launch_full_graph: { base_ns: p.launch_full, request_ns: p.launch_request, lead: leads.full },
      launch_piecewise: { base_ns: p.launch_piecewise, request_ns: p.launch_request, lead: leads.piecewise },
      launch_no_graph: { base_ns: p.launch_none, request_ns: p.launch_request, lead: leads.none },
      launch_lead: leads.none,
      copy_ns: parts.copyNs,
      send_ns: parts.sendNs,
      take_request_ns: parts.takeRequestNs,
      wake_ns: parts.wakeNs,
      empty_step_sleep_ns: parts.emptyStepSleepNs,
    },
    front_end: frontEndOf(p, parts),
    jitter: {
      launch_full_graph: launches,
      launch_piecewise: launches,
      launch_no_graph: launches,
      request: logNormalVariation(p.front_sigma),
      output: logNormalVariation(p.front_sigma),
      output_stall: { token_probability: Math.min(0.1, p.stall_probability), mean_ns: p.stall },
      host_states: [...parts.hostStates],
      run_spread: null,
    },
  };
}

function frontEndOf(p: Parameters, parts: AssumedParts): VllmEngineCost["front_end"] {
  return {
    accept_ns: p.accept,
    request_ns: p.request,
    request_token_ns: p.request_token,
    request_hops: parts.requestHops,
    request_hop_ns: parts.hopShare * p.request,
    request_hop_gap_ns: parts.hopGapShare * p.request,
    output_ns: p.output,
    output_token_ns: (1 - parts.writtenShare) * p.output_token,
    chunk_ns: parts.writtenShare * p.output_token,
    first_chunk_ns: p.output_token,
    delivery_ns: p.delivery,
    first_wait_token_ns: p.first_wait_token,
  };
}

/** The same engine on a host whose every job takes `pace` times as long: what differs between runs, and between hosts of one GPU. */
export function withPace(cost: VllmEngineCost, pace: number): VllmEngineCost {
  return pace === 1 ? cost : { ...cost, host: { ...cost.host, pace: pace * (cost.host.pace ?? 1) } };
}
