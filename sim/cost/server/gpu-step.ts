/**
 * What a step takes on the GPU of a vLLM engine, by its tokens as CUDA graphs pad them, and without what attention reads
 * (context tokens, pairs of query and key). Simulations and fits both compute with these. Times in ns.
 */
import type { VllmEngineCost } from "../../../formats/index.js";
import { piecewiseLinear } from "../piecewise-linear.js";

type GpuCost = VllmEngineCost["gpu"];

/** A step that only decodes; `allTokens`: of all ranks that take it together. */
export function decodeBaseNs(
  { decode_base_ns, decode_padded_token_ns, decode_factors, experts }: GpuCost,
  paddedTokens: number,
  allTokens = paddedTokens,
): number {
  const lineNs = decode_base_ns + decode_padded_token_ns * paddedTokens + expertsNs(experts, allTokens);
  return decode_factors === undefined ? lineNs : lineNs * piecewiseLinear(decode_factors, paddedTokens);
}

/**
 * Reading the experts that some of the tokens go through. Each token goes through `active` of `total`: with tokens alike
 * at random, 1 - (1 - active / total)^n of them are read, nearly 1 - exp(-n x active / total).
 */
function expertsNs(experts: GpuCost["experts"], tokens: number): number {
  if (experts === undefined) return 0;
  return experts.all_ns * (1 - Math.exp((-tokens * experts.active) / experts.total));
}

/** A step that prefills, while it waits for memory: it takes this or `prefillComputeNs`, whichever is more. */
export function prefillMemoryNs(
  { decode_base_ns, mixed_base_ns = decode_base_ns, decode_padded_token_ns, experts }: GpuCost,
  paddedTokens: number,
  allTokens = paddedTokens,
): number {
  return mixed_base_ns + decode_padded_token_ns * paddedTokens + expertsNs(experts, allTokens);
}

/** A step that prefills, while it computes; of several ranks, by the tokens of all. */
export function prefillComputeNs({ prefill_base_ns, prefill_padded_token_ns }: GpuCost, paddedTokens: number): number {
  return prefill_base_ns + prefill_padded_token_ns * paddedTokens;
}
