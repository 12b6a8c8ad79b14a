/**
 * Prices steps as a profile of a vLLM engine has them: GPU and host clocks, CUDA graph padding, the launch by kind of
 * step, the front end. Equations in docs/design.md.
 */
import type { Profile, VllmEngineCost } from "../../formats/index.js";
import type { GraphSizes } from "./graph-sizes.js";
import { RangeNotes } from "./range-notes.js";
import {
  linearDecodeLaw,
  type DecodeLaw,
  type FrontEndCost,
  type HostCost,
  type StepCostModel,
  type StepShape,
} from "./step-cost.js";

export class EngineStepCost implements StepCostModel {
  readonly host: HostCost;
  readonly frontEnd?: FrontEndCost;
  private readonly notes: RangeNotes;

  constructor(
    private readonly cost: VllmEngineCost,
    range: Profile["range"],
    private readonly graphs: GraphSizes,
  ) {
    this.notes = new RangeNotes(range);
    this.host = hostCost(cost.host, graphs);
    if (cost.front_end !== undefined) this.frontEnd = frontEndCost(cost.front_end);
  }

  get extrapolations(): readonly string[] {
    return this.notes.notes;
  }

  gpuNs(step: StepShape): number {
    const { gpu } = this.cost;
    this.notes.checkAbove("batch", step.scheduledRequests, "requests in a step");
    if (step.decodeRequests > 0) this.noteDecodes(step.decodeRequests, step.decodeContextTokens);
    if (step.prefillTokens === 0) return this.decodeLaw(step.decodeRequests, step.decodeContextTokens).firstNs;
    const padded = this.graphs.paddedTokens(step.scheduledTokens);
    const prefillNs = gpu.prefill_base_ns + gpu.prefill_padded_token_ns * padded;
    const contextTokens = step.decodeContextTokens + step.prefillContextTokens;
    return Math.max(
      1,
      Math.round(
        Math.max(prefillNs, this.decodeBaseNs(padded)) +
          gpu.attention_pair_ns * step.prefillAttentionPairs +
          gpu.context_token_ns * contextTokens,
      ),
    );
  }

  decodeLaw(requests: number, contextTokens: number): DecodeLaw {
    const baseNs = this.decodeBaseNs(this.graphs.paddedTokens(requests));
    return linearDecodeLaw(baseNs, this.cost.gpu.context_token_ns, requests, contextTokens, Infinity);
  }

  noteDecodes(requests: number, contextTokens: number): void {
    this.notes.checkAbove("context_tokens", contextTokens / requests, "context tokens of a request in a step");
  }

  private decodeBaseNs(paddedTokens: number): number {
    return this.cost.gpu.decode_base_ns + this.cost.gpu.decode_padded_token_ns * paddedTokens;
  }
}

function hostCost(host: VllmEngineCost["host"], graphs: GraphSizes): HostCost {
  const launch = { full: host.launch_full_graph, piecewise: host.launch_piecewise, none: host.launch_no_graph };
  return {
    scheduleNs: (requests) => growing(host.schedule, requests),
    launchNs: (step) => {
      const kind = graphs.kind(step.scheduledTokens, step.prefillTokens === 0);
      return growing(launch[kind], step.scheduledRequests);
    },
    leadNs: (launchNs) => Math.round(host.launch_lead * launchNs),
    updateNs: (requests) => growing(host.update, requests),
    copyNs: Math.round(host.copy_ns),
    sendNs: Math.round(host.send_ns),
    takeRequestNs: Math.round(host.take_request_ns),
    wakeNs: Math.round(host.wake_ns),
    emptyStepSleepNs: Math.round(host.empty_step_sleep_ns),
  };
}

function frontEndCost(cost: NonNullable<VllmEngineCost["front_end"]>): FrontEndCost {
  return {
    requestNs: (promptTokens) => Math.round(cost.request_ns + cost.request_token_ns * promptTokens),
    hops: cost.request_hops,
    hopNs: Math.round(cost.request_hop_ns),
    outputNs: (tokens, firstTokens) =>
      Math.round(cost.output_ns + (cost.output_token_ns + cost.chunk_ns) * tokens + cost.first_chunk_ns * firstTokens),
  };
}

function growing({ base_ns, request_ns }: VllmEngineCost["host"]["schedule"], requests: number): number {
  return Math.round(base_ns + request_ns * requests);
}
