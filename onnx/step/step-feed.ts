/**
 * What a step graph reads beside the KV cache, and the tokens that it writes: arrays of main memory, kept from step to step for each
 * number of rows, so that a step of decodes makes none.
 */
import type { SamplingSettings } from "../batches/index.js";
import { HostTensor, type OrtBinding } from "../c-api/index.js";
import { graphNames, stepNames, type GroupNames } from "../graphs/index.js";
import { foldTokenId, type ModelShape } from "../spec/index.js";
import type { StepRow } from "./step-runner.js";

/** Each even word is the low half of a number of 64 bits; the other half of a number that is not negative is 0. No BigInt is made. */
function lowWords({ buffer }: NodeJS.TypedArray): Int32Array {
  return new Int32Array(buffer);
}

/** Of one group: B rows of S new tokens. */
export class GroupFeed {
  private readonly ids: HostTensor;
  private readonly positions: HostTensor;
  private readonly lastPositions: HostTensor;
  private readonly totalLength = new HostTensor(new Int32Array(1), [1], "int32");
  private readonly idWords: Int32Array;
  private readonly positionWords: Int32Array;

  constructor(
    private readonly rows: number,
    private readonly length: number,
  ) {
    const dims = [rows, length];
    this.ids = new HostTensor(new BigInt64Array(rows * length), dims, "int64");
    this.positions = new HostTensor(new BigInt64Array(rows * length), dims, "int64");
    this.lastPositions = new HostTensor(new Int32Array(rows), [rows], "int32");
    this.idWords = lowWords(this.ids.data);
    this.positionWords = lowWords(this.positions.data);
  }

  fill(rows: readonly StepRow[], shape: ModelShape): void {
    const { length } = this;
    const { idWords, positionWords } = this;
    let longest = 0;
    for (let row = 0; row < this.rows; row++) {
      const { ids: given, past } = rows[row]!;
      for (let at = 0; at < length; at++) {
        const word = 2 * (row * length + at);
        idWords[word] = foldTokenId(given[at]!, shape);
        positionWords[word] = past + at;
      }
      this.lastPositions.data[row] = past + length - 1;
      longest = Math.max(longest, past + length);
    }
    this.totalLength.data[0] = longest;
  }

  bind(binding: OrtBinding, names: GroupNames): void {
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
  private readonly placeWords: Int32Array;
  private readonly uniforms: Float32Array;
  private readonly tokenWords: Int32Array;
  private readonly placesTensor: HostTensor;
  private readonly uniformsTensor: HostTensor;
  private readonly tokensTensor: HostTensor;

  constructor(rows: number) {
    const [places, tokens] = [new BigInt64Array(rows), new BigInt64Array(rows)];
    this.uniforms = new Float32Array(rows);
    this.placeWords = lowWords(places);
    this.tokenWords = lowWords(tokens);
    this.placesTensor = new HostTensor(places, [rows], "int64");
    this.uniformsTensor = new HostTensor(this.uniforms, [rows], "float32");
    this.tokensTensor = new HostTensor(tokens, [rows], "int64");
  }

  /** Asks for the token after the one at `place`; as the `at`th. */
  ask(at: number, place: number, uniform: number): void {
    this.placeWords[2 * at] = place;
    this.uniforms[at] = uniform;
  }

  token(at: number): number {
    return this.tokenWords[2 * at]!;
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
