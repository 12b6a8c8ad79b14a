/**
 * What a step takes on the GPU of a vLLM engine, by its tokens as CUDA graphs pad them, and without what attention reads
 * (context tokens, pairs of query and key). Simulations and fits both compute with these. Times in ns.
 */
import type { VllmEngineCost } from "../../formats/index.js";
import { piecewiseLinear } from "./piecewise-linear.js";

type GpuCost = VllmEngineCost["gpu"];

/** A step that only decodes. */
export function decodeBaseNs(
  { decode_base_ns, decode_padded_token_ns, decode_factors }: GpuCost,
  paddedTokens: number,
): number {
  const lineNs = decode_base_ns + decode_padded_token_ns * paddedTokens;
  return decode_factors === undefined ? lineNs : lineNs * piecewiseLinear(decode_factors, paddedTokens);
}

/** A step that prefills, while it waits for memory: it takes this or `prefillComputeNs`, whichever is more. */
export function prefillMemoryNs(
  { decode_base_ns, mixed_base_ns = decode_base_ns, decode_padded_token_ns }: GpuCost,
  paddedTokens: number,
): number {
  return mixed_base_ns + decode_padded_token_ns * paddedTokens;
}

/** A step that prefills, while it computes. */
export function prefillComputeNs({ prefill_base_ns, prefill_padded_token_ns }: GpuCost, paddedTokens: number): number {
  return prefill_base_ns + prefill_padded_token_ns * paddedTokens;
}
