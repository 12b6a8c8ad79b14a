/**
 * What a step graph reads beside the KV cache, and the tokens that it writes: arrays of main memory, kept from step to step for each
 * number of rows, so that a step of decodes makes none.
 */
import type { SamplingSettings } from "../batches/index.js";
import { HostTensor, type OrtBinding } from "../c-api/index.js";
import { graphNames, groupNames, stepNames } from "../graphs/index.js";
import { foldTokenId, type ModelShape } from "../spec/index.js";
import type { StepRow } from "./step-runner.js";

/** Of one group: B rows of S new tokens. */
export class GroupFeed {
  private readonly ids: HostTensor;
  private readonly positions: HostTensor;
  private readonly lastPositions: HostTensor;
  private readonly totalLength = new HostTensor(new Int32Array(1), [1], "int32");

  constructor(
    private readonly rows: number,
    private readonly length: number,
  ) {
    const dims = [rows, length];
    this.ids = new HostTensor(new BigInt64Array(rows * length), dims, "int64");
    this.positions = new HostTensor(new BigInt64Array(rows * length), dims, "int64");
    this.lastPositions = new HostTensor(new Int32Array(rows), [rows], "int32");
  }

  fill(rows: readonly StepRow[], shape: ModelShape): void {
    const { length } = this;
    const [ids, positions] = [this.ids.data as BigInt64Array, this.positions.data as BigInt64Array];
    let longest = 0;
    for (let row = 0; row < this.rows; row++) {
      const { ids: given, past } = rows[row]!;
      for (let at = 0; at < length; at++) {
        ids[row * length + at] = BigInt(foldTokenId(given[at]!, shape));
        positions[row * length + at] = BigInt(past + at);
      }
      this.lastPositions.data[row] = past + length - 1;
      longest = Math.max(longest, past + length);
    }
    this.totalLength.data[0] = longest;
  }

  bind(binding: OrtBinding, group: number): void {
    const names = groupNames(group);
    binding.input(names.inputIds, this.ids);
    binding.input(names.positions, this.positions);
    binding.input(names.lastPositions, this.lastPositions);
    binding.input(names.totalLength, this.totalLength);
  }

  release(): void {
    for (const tensor of [this.ids, this.positions, this.lastPositions, this.totalLength]) tensor.release();
  }
}

/** Which rows' next tokens are wanted, R of them, and those tokens. */
export class TokenFeed {
  readonly places: BigInt64Array;
  readonly uniforms: Float32Array;
  readonly tokens: BigInt64Array;
  private readonly placesTensor: HostTensor;
  private readonly uniformsTensor: HostTensor;
  private readonly tokensTensor: HostTensor;

  constructor(rows: number) {
    this.places = new BigInt64Array(rows);
    this.uniforms = new Float32Array(rows);
    this.tokens = new BigInt64Array(rows);
    this.placesTensor = new HostTensor(this.places, [rows], "int64");
    this.uniformsTensor = new HostTensor(this.uniforms, [rows], "float32");
    this.tokensTensor = new HostTensor(this.tokens, [rows], "int64");
  }

  bind(binding: OrtBinding, isSampled: boolean): void {
    binding.input(stepNames.logitRows, this.placesTensor);
    binding.output(stepNames.tokens, this.tokensTensor);
    if (isSampled) binding.input(graphNames.uniforms, this.uniformsTensor);
  }

  release(): void {
    for (const tensor of [this.placesTensor, this.uniformsTensor, this.tokensTensor]) tensor.release();
  }
}

/** How tokens are sampled, the same in every step. */
export class SamplingFeed {
  private readonly tensors: ReadonlyMap<string, HostTensor>;

  constructor({ temperature, topK, topP = 1 }: SamplingSettings, { vocab }: ModelShape) {
    const most = BigInt(Math.min(topK ?? vocab, vocab));
    this.tensors = new Map([
      [graphNames.temperature, new HostTensor(Float32Array.of(temperature), [], "float32")],
      [graphNames.topK, new HostTensor(BigInt64Array.of(most), [1], "int64")],
      [graphNames.topP, new HostTensor(Float32Array.of(topP), [], "float32")],
    ]);
  }

  bind(binding: OrtBinding): void {
    for (const [name, tensor] of this.tensors) binding.input(name, tensor);
  }

  release(): void {
    for (const tensor of this.tensors.values()) tensor.release();
  }
}
