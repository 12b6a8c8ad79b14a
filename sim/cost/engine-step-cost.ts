/**
 * Prices steps as a profile of a vLLM engine has them: GPU and host clocks, CUDA graph padding, the launch by kind of
 * step, the front end. Equations in docs/design.md.
 */
import type { Profile, VllmEngineCost } from "../../formats/index.js";
import type { GraphKind, GraphSizes } from "./graph-sizes.js";
import { piecewiseLinear } from "./piecewise-linear.js";
import { RangeNotes } from "./range-notes.js";
import { frontEndCost, hostCost, meanFactors, type Factors } from "./host-cost.js";
import {
  linearDecodeLaw,
  type DecodeLaw,
  type FrontEndCost,
  type HostCost,
  type StepCostModel,
  type StepShape,
} from "./step-cost.js";

/** What a step of decodes takes on the GPU but for the tokens that attention reads. */
export function decodeBaseNs(
  { decode_base_ns, decode_padded_token_ns, decode_factors }: VllmEngineCost["gpu"],
  paddedTokens: number,
): number {
  const lineNs = decode_base_ns + decode_padded_token_ns * paddedTokens;
  return decode_factors === undefined ? lineNs : lineNs * piecewiseLinear(decode_factors, paddedTokens);
}

export class EngineStepCost implements StepCostModel {
  readonly host: HostCost;
  readonly frontEnd?: FrontEndCost;
  readonly isSampled: boolean;
  private readonly gpuFactor: Factors["gpu"];
  private readonly notes: RangeNotes;

  /** `sampled`: how far each time is from its mean, drawn anew each time; absent: it is the mean. */
  constructor(
    private readonly cost: VllmEngineCost,
    range: Profile["range"],
    private readonly graphs: GraphSizes,
    sampled?: Factors,
  ) {
    const factors = sampled ?? meanFactors(cost.jitter);
    this.notes = new RangeNotes(range);
    this.isSampled = sampled !== undefined;
    this.gpuFactor = factors.gpu;
    this.host = hostCost(cost.host, graphs, factors);
    if (cost.front_end !== undefined) this.frontEnd = frontEndCost(cost.front_end, factors);
  }

  get extrapolations(): readonly string[] {
    return this.notes.notes;
  }

  gpuNs(step: StepShape): number {
    const { gpu } = this.cost;
    this.notes.checkAbove("batch", step.scheduledRequests, "requests in a step");
    if (step.decodeRequests > 0) this.noteDecodes(step.decodeRequests, step.decodeContextTokens);
    const factor = this.gpuFactor(0);
    if (step.prefillTokens === 0) {
      const { firstNs } = this.decodeLaw(step.decodeRequests, step.decodeContextTokens);
      return this.isSampled ? Math.max(1, Math.round(firstNs * factor)) : firstNs;
    }
    const padded = this.graphs.paddedTokens(step.scheduledTokens);
    const prefillNs = gpu.prefill_base_ns + gpu.prefill_padded_token_ns * padded;
    const mixedNs = (gpu.mixed_base_ns ?? gpu.decode_base_ns) + gpu.decode_padded_token_ns * padded;
    const contextTokens = step.decodeContextTokens + step.prefillContextTokens;
    return Math.max(
      1,
      Math.round(
        (Math.max(prefillNs, mixedNs) +
          this.largeGraphNs(padded, this.graphs.kind(step.scheduledTokens, false)) +
          gpu.attention_pair_ns * step.prefillAttentionPairs +
          gpu.context_token_ns * contextTokens) *
          factor,
      ),
    );
  }

  private largeGraphNs(padded: number, kind: GraphKind): number {
    const large = this.cost.gpu.large_graph;
    if (large === undefined || kind === "none" || padded <= large.beyond || padded > large.upto) return 0;
    return large.extra_ns;
  }

  decodeLaw(requests: number, contextTokens: number): DecodeLaw {
    const baseNs = decodeBaseNs(this.cost.gpu, this.graphs.paddedTokens(requests));
    return linearDecodeLaw(baseNs, this.cost.gpu.context_token_ns, requests, contextTokens, Infinity);
  }

  noteDecodes(requests: number, contextTokens: number): void {
    this.notes.checkAbove("context_tokens", contextTokens / requests, "context tokens of a request in a step");
  }
}
