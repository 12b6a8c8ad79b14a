/** What whole batches cost by a profile's coefficients, for every policy alike, so that only scheduling differs. */
import { ConfigError, type Profile, type StaticBatchCost } from "../../../formats/index.js";
import { batchJitter } from "./batch-jitter.js";
import { batchBytes } from "./batch-memory.js";
import type { BatchCost, BatchShape, CostModel } from "../cost-model.js";
import { RangeUse } from "../range-use.js";
import { decodeQuantities, prefillQuantities, sumTerms } from "../terms.js";

export interface CostOptions {
  /** The first batch of the run pays the profile's cold start. */
  readonly coldStart?: boolean;
  /** Names the stream that each batch's variation is drawn from; absent: every batch takes what the model says. */
  readonly jitterStream?: string | undefined;
}

export class ProfileCost implements CostModel {
  readonly totalBytes: number;
  private readonly cost: StaticBatchCost;
  readonly rangeUse: RangeUse;
  private readonly factor: () => number;
  private coldNs: number;
  private arenaBytes = 0;

  constructor(
    private readonly profile: Profile,
    options: CostOptions = {},
  ) {
    this.totalBytes = profile.memory.total_bytes;
    if (profile.cost.kind !== "static_batch") {
      throw new ConfigError(
        `profile "${profile.name}" has costs of the steps of a vLLM engine, expected costs of whole batches ` +
          `(calibrate onnx), or the policy vllm`,
      );
    }
    this.cost = profile.cost;
    this.rangeUse = new RangeUse(profile.range);
    const { jitterStream } = options;
    this.factor = jitterStream === undefined ? () => 1 : batchJitter(profile, jitterStream);
    this.coldNs = options.coldStart === true ? profile.cost.cold_start_ns : 0;
  }

  batch(shape: BatchShape): BatchCost {
    const { rows, promptTokens, outputTokens } = shape;
    const { prefill, decode_step, dispatch_ns } = this.cost;
    const prefillNs = sumTerms(prefill, prefillQuantities(rows, promptTokens)) + this.takeColdStart();
    let decodeNs = 0;
    for (let step = 0; step < outputTokens - 1; step++) {
      decodeNs += sumTerms(decode_step, decodeQuantities(rows, rows * (promptTokens + step)));
    }
    const factor = this.factor();
    const batch = {
      prefillNs: Math.round(factor * prefillNs),
      decodeNs: Math.round(factor * decodeNs + dispatch_ns),
      peakBytes: this.peakBytes(shape),
    };
    this.rangeUse.batch(rows, promptTokens, promptTokens + outputTokens - 1, batch.prefillNs + batch.decodeNs);
    return batch;
  }

  private peakBytes(shape: BatchShape): number {
    const { memory } = this.profile;
    const bytes = batchBytes(memory, shape);
    this.arenaBytes = memory.arena_keeps_peak ? Math.max(this.arenaBytes, bytes) : bytes;
    return Math.round(this.arenaBytes);
  }

  private takeColdStart(): number {
    const ns = this.coldNs;
    this.coldNs = 0;
    return ns;
  }
}
