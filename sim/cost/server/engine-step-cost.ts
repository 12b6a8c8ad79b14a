/**
 * What steps cost by a profile of a vLLM engine: GPU and host clocks, CUDA graph padding, the launch by kind of
 * step, the front end. Equations in docs/design.md.
 */
import type { VllmEngineCost } from "../../../formats/index.js";
import { DecodeTimes } from "../decode-times.js";
import { decodeBaseNs, prefillComputeNs, prefillMemoryNs } from "./gpu-step.js";
import type { GraphKind, GraphSizes } from "./graph-sizes.js";
import { RangeUse, type MeasuredRange } from "../range-use.js";
import { VllmFrontEndCost, VllmHostCost } from "./host-cost.js";
import { meanFactors, type Factors } from "../draws/index.js";
import { pacedCosts, type PacedCosts } from "./paced-costs.js";
import { linearDecodeLaw, wholeNs, type DecodeLaw } from "../decode-law.js";
import type { FrontEndCost, HostCost, StepCostModel, StepShape } from "../step-cost.js";

export class EngineStepCost implements StepCostModel {
  readonly host: HostCost;
  readonly frontEnd?: FrontEndCost;
  readonly isSampled: boolean;
  readonly decodeTimes?: (requests: number) => DecodeTimes;
  readonly paced?: PacedCosts | undefined;
  private readonly gpuFactor: Factors["gpu"];
  readonly rangeUse: RangeUse;

  /** `sampled`: how far each time is from its mean, drawn anew each time; absent: it is the mean. */
  constructor(
    private readonly cost: VllmEngineCost,
    range: MeasuredRange,
    private readonly graphs: GraphSizes,
    sampled?: Factors,
  ) {
    const factors = sampled ?? meanFactors(cost.jitter);
    this.rangeUse = new RangeUse(range);
    this.isSampled = sampled !== undefined;
    this.gpuFactor = factors.gpu;
    const host = new VllmHostCost(cost.host, graphs, factors);
    const frontEnd = cost.front_end === undefined ? undefined : new VllmFrontEndCost(cost.front_end, factors);
    this.host = host;
    if (frontEnd !== undefined) this.frontEnd = frontEnd;
    if (sampled === undefined) return;
    const prefillNs = (tokens: number): number => this.prefillNs(tokens);
    this.paced = pacedCosts({ cost, factors, graphs, host, frontEnd, prefillNs });
    const times: DecodeTimes[] = [];
    this.decodeTimes = (requests) =>
      (times[requests] ??= new DecodeTimes({
        ...host.decodeMeans(requests),
        gpu: factors.gpu,
        gpuNs: { baseNs: this.decodeBaseNs(requests), contextTokenNs: cost.gpu.context_token_ns },
        requests,
        outputs: frontEnd?.outputMeans(requests),
      }));
  }

  gpuNs(step: StepShape): number {
    const ns = this.stepNs(step);
    this.rangeUse.step(step, ns);
    return ns;
  }

  private stepNs(step: StepShape): number {
    const { gpu } = this.cost;
    const factor = this.gpuFactor.next(0);
    const contextTokens = step.decodeContextTokens + step.prefillContextTokens;
    if (this.graphs.isDecodes(step)) {
      const { firstNs } = this.decodeLaw(step.scheduledRequests, contextTokens, step.ranks);
      return Math.max(1, wholeNs(firstNs * factor));
    }
    return Math.max(
      1,
      wholeNs(
        (this.prefillNs(step.scheduledTokens, step.ranks) +
          gpu.attention_pair_ns * step.prefillAttentionPairs +
          gpu.context_token_ns * contextTokens) *
          factor,
      ),
    );
  }

  /** A step with a prefill, of so many tokens in all, without what its attention reads. */
  private prefillNs(tokens: number, ranks?: StepShape["ranks"]): number {
    const { gpu } = this.cost;
    const padded = this.graphs.paddedTokens(tokens);
    const all = this.allTokens(tokens, ranks);
    const largeNs = this.largeGraphNs(padded, this.graphs.kind(tokens, false));
    return Math.max(prefillComputeNs(gpu, all), prefillMemoryNs(gpu, padded, all)) + largeNs;
  }

  private largeGraphNs(padded: number, kind: GraphKind): number {
    const large = this.cost.gpu.large_graph;
    if (large === undefined || kind === "none" || padded <= large.beyond || padded > large.upto) return 0;
    return large.extra_ns;
  }

  /** Computed by all ranks that take a step together, of which the largest has so many: those of a graph, or their own. */
  private allTokens(tokens: number, ranks: StepShape["ranks"]): number {
    const padded = this.graphs.paddedTokens(tokens);
    if (ranks === undefined) return padded;
    return this.graphs.kind(tokens, false) === "none" ? ranks.tokens : padded * ranks.count;
  }

  decodeLaw(requests: number, contextTokens: number, ranks?: StepShape["ranks"]): DecodeLaw {
    return linearDecodeLaw(
      this.decodeBaseNs(requests, ranks),
      this.cost.gpu.context_token_ns,
      requests,
      contextTokens,
      Infinity,
    );
  }

  private decodeBaseNs(requests: number, ranks?: StepShape["ranks"]): number {
    return decodeBaseNs(this.cost.gpu, this.graphs.paddedTokens(requests), this.allTokens(requests, ranks));
  }
}
