/**
 * Prices batches and steps with a profile's coefficients, for every policy alike, so that only scheduling differs. A
 * mixed step of continuous batching pays one base (the larger), the decodes' terms and the prefill chunks' terms: exact
 * for pure steps, an assumption for mixed ones that an ONNX profile cannot check.
 */
import type { Profile } from "../../formats/index.js";
import type { BatchCost, BatchShape, CostModel, StepShape } from "./cost-model.js";
import { decodeQuantities, prefillQuantities, sumTerms, type Quantities } from "./terms.js";

export interface CostOptions {
  /** The first batch of the run pays the profile's cold start. */
  readonly coldStart?: boolean;
}

export class ProfileCost implements CostModel {
  readonly totalBytes: number;
  private readonly beyond = new Map<string, string>();
  private coldNs: number;
  private arenaBytes = 0;

  constructor(
    private readonly profile: Profile,
    options: CostOptions = {},
  ) {
    this.totalBytes = profile.memory.total_bytes;
    this.coldNs = options.coldStart === true ? profile.cost.cold_start_ns : 0;
  }

  get extrapolations(): readonly string[] {
    return [...this.beyond.values()];
  }

  batch(shape: BatchShape): BatchCost {
    const { rows, promptTokens, outputTokens } = shape;
    this.noteRange("batch", rows, "batch size");
    this.noteRange("prompt_tokens", promptTokens, "prompt tokens");
    this.noteRange("context_tokens", promptTokens + outputTokens - 1, "context tokens of a row");
    const { prefill, decode_step, dispatch_ns } = this.profile.cost;
    const prefillNs = sumTerms(prefill, prefillQuantities(rows, promptTokens)) + this.takeColdStart();
    let decodeNs = 0;
    for (let step = 0; step < outputTokens - 1; step++) {
      decodeNs += sumTerms(decode_step, decodeQuantities(rows, rows * (promptTokens + step)));
    }
    return {
      prefillNs: Math.round(prefillNs),
      decodeNs: Math.round(decodeNs + dispatch_ns),
      peakBytes: this.peakBytes(shape),
    };
  }

  step(shape: StepShape): number {
    const { decodeRequests, decodeContextTokens, prefillRequests, prefillTokens, prefillAttentionPairs } = shape;
    const { prefill, decode_step } = this.profile.cost;
    this.noteRange("batch", decodeRequests + prefillRequests, "requests in a step");
    // Means over the step: chunks below the measured prompts are what chunking is for, so only "above" is worth telling.
    this.noteAbove("prompt_tokens", prefillTokens / prefillRequests, "prompt tokens of a request in a step");
    this.noteAbove("context_tokens", decodeContextTokens / decodeRequests, "context tokens of a request in a step");
    const hasDecode = decodeRequests > 0;
    const hasPrefill = prefillTokens > 0;
    const decodeNs = hasDecode ? sumTerms(decode_step, decodeQuantities(decodeRequests, decodeContextTokens)) : 0;
    const prefillNs = hasPrefill
      ? sumTerms(prefill, chunkQuantities(prefillRequests, prefillTokens, prefillAttentionPairs))
      : 0;
    const sharedBaseNs = hasDecode && hasPrefill ? Math.min(baseNs(decode_step), baseNs(prefill)) : 0;
    return Math.max(1, Math.round(decodeNs + prefillNs - sharedBaseNs + this.takeColdStart()));
  }

  private peakBytes({ rows, promptTokens, outputTokens }: BatchShape): number {
    const { base_bytes, terms, arena_keeps_peak } = this.profile.memory;
    const quantities = { ...prefillQuantities(rows, promptTokens), kv_tokens: rows * (promptTokens + outputTokens) };
    const bytes = terms.reduce((sum, term) => sum + term.coefficient_bytes * quantities[term.basis], base_bytes);
    this.arenaBytes = arena_keeps_peak ? Math.max(this.arenaBytes, bytes) : bytes;
    return Math.round(this.arenaBytes);
  }

  private takeColdStart(): number {
    const ns = this.coldNs;
    this.coldNs = 0;
    return ns;
  }

  private noteAbove(key: keyof Profile["range"], value: number, name: string): void {
    if (value > this.profile.range[key][1]) this.noteRange(key, value, name);
  }

  private noteRange(key: keyof Profile["range"], value: number, name: string): void {
    const [low, high] = this.profile.range[key];
    if (value >= low && value <= high) return;
    const side = value < low ? "below" : "above";
    this.beyond.set(`${name}/${side}`, `${name} ${side} the measured ${low} to ${high}`);
  }
}

function chunkQuantities(requests: number, tokens: number, attentionPairs: number): Quantities {
  return { base: 1, rows: requests, tokens, attention_pairs: attentionPairs, context_tokens: 0, kv_tokens: tokens };
}

function baseNs(terms: Profile["cost"]["prefill"]): number {
  return terms.reduce((sum, term) => (term.basis === "base" ? sum + term.coefficient_ns : sum), 0);
}
