/**
 * Runs steps of continuous batching on ONNX Runtime: new tokens of requests whose past lies in slots. Blocks its thread.
 *
 * A step consists of groups: any number of rows with one new token each (decodes), or one row with many (a chunk of a prompt). A
 * group's rows lie in neighbouring slots.
 */
import { InvariantError } from "../../formats/index.js";
import type { SamplingSettings } from "../batches/index.js";
import { OrtSession, OrtTensor } from "../c-api/index.js";
import { graphNames, groupNames, stepNames } from "../graphs/index.js";
import type { ModelFiles } from "../models/index.js";
import { foldTokenId, type ModelShape } from "../spec/index.js";
import { KvSlots } from "./kv-slots.js";
import { requireStepModel } from "./step-model.js";

export interface StepRow {
  /** New tokens, the same number in each row of a group. */
  readonly ids: readonly number[];
  /** Tokens that the slot holds already. */
  readonly past: number;
  /** Whether the token after the last new one is wanted; a number in [0, 1) that chooses it where tokens are sampled. */
  readonly next?: { readonly uniform: number };
}

export interface StepGroup {
  readonly firstSlot: number;
  readonly rows: readonly StepRow[];
}

export interface StepRunnerOptions {
  readonly model: ModelFiles;
  readonly threads: number;
  readonly slots: number;
  /** Longest prompt and output of a request together. */
  readonly maxModelLen: number;
  /** Tokens are sampled; without it the largest logit is taken. */
  readonly sampling?: SamplingSettings | undefined;
}

export class StepRunner {
  readonly cache: KvSlots;
  /** Time spent inside the runtime so far, ns. */
  runtimeNs = 0;
  private readonly shape: ModelShape;
  /** By their number of groups less one. */
  private readonly sessions: readonly OrtSession[];

  /** ConfigError for a model that the kernel does not run. */
  constructor(private readonly options: StepRunnerOptions) {
    const { model, threads, slots, maxModelLen, sampling } = options;
    requireStepModel(model, maxModelLen);
    this.shape = model.shape;
    this.cache = new KvSlots(model, slots, maxModelLen);
    this.sessions = model.stepPaths.map(
      ({ greedy, sampled }) => new OrtSession(sampling === undefined ? greedy : sampled, { threads }),
    );
  }

  /** The most groups that one run takes. */
  get mostGroups(): number {
    return this.sessions.length;
  }

  /** Runs one step, of one group or more; the wanted tokens, row after row, group after group. */
  run(groups: readonly StepGroup[]): number[] {
    const session = this.sessions[groups.length - 1];
    if (session === undefined)
      throw new InvariantError(`a step has ${groups.length} groups, expected 1 to ${this.mostGroups}`);
    const made: OrtTensor[] = [];
    const tensor = (...args: ConstructorParameters<typeof OrtTensor>): OrtTensor => {
      const one = new OrtTensor(...args);
      made.push(one);
      return one;
    };
    try {
      const [inputs, outputs] = [new Map<string, OrtTensor>(), new Map<string, OrtTensor>()];
      const wanted: { readonly place: number; readonly uniform: number }[] = [];
      let place = 0;
      for (const [at, { firstSlot, rows }] of groups.entries()) {
        const names = groupNames(at);
        const length = rows[0]!.ids.length;
        this.check(firstSlot, rows, length);
        const feed = feedOf(rows, length, this.shape);
        inputs.set(names.inputIds, tensor(feed.ids, [rows.length, length], "int64"));
        inputs.set(names.positions, tensor(feed.positions, [rows.length, length], "int64"));
        inputs.set(names.lastPositions, tensor(feed.lastPositions, [rows.length], "int32"));
        inputs.set(names.totalLength, tensor(Int32Array.of(feed.longest), [1], "int32"));
        for (const [part, slots] of this.cache.view(firstSlot, rows.length)) {
          inputs.set(names.past(part), slots);
          outputs.set(names.present(part), slots);
        }
        for (const { next } of rows) {
          place += length;
          if (next !== undefined) wanted.push({ place: place - 1, uniform: next.uniform });
        }
      }
      const asked = wanted.length;
      const { sampling } = this.options;
      // The kernels that sample end the process where there is no row.
      if (asked === 0 && sampling !== undefined) wanted.push({ place: 0, uniform: 0 });
      const tokens = new BigInt64Array(wanted.length);
      const places = BigInt64Array.from(wanted, (one) => BigInt(one.place));
      inputs.set(stepNames.logitRows, tensor(places, [wanted.length], "int64"));
      outputs.set(stepNames.tokens, tensor(tokens, [wanted.length], "int64"));
      if (sampling !== undefined) {
        const uniforms = Float32Array.from(wanted, ({ uniform }) => uniform);
        const { temperature, topK = this.shape.vocab, topP = 1 } = sampling;
        inputs.set(graphNames.temperature, tensor(Float32Array.of(temperature), [], "float32"));
        inputs.set(graphNames.topK, tensor(BigInt64Array.of(BigInt(Math.min(topK, this.shape.vocab))), [1], "int64"));
        inputs.set(graphNames.topP, tensor(Float32Array.of(topP), [], "float32"));
        inputs.set(graphNames.uniforms, tensor(uniforms, [wanted.length], "float32"));
      }
      const startNs = process.hrtime.bigint();
      session.run(inputs, outputs);
      this.runtimeNs += Number(process.hrtime.bigint() - startNs);
      return Array.from(tokens.subarray(0, asked), Number);
    } finally {
      for (const one of made) one.release();
    }
  }

  release(): void {
    this.cache.release();
    for (const session of this.sessions) session.release();
  }

  /** What the kernel would answer with a crash, or with memory beyond its slot. */
  private check(firstSlot: number, rows: readonly StepRow[], length: number): void {
    const { slots, slotTokens } = this.cache;
    if (rows.length === 0 || length === 0) throw new InvariantError("a step's group has no tokens");
    if (rows.length > 1 && length > 1)
      throw new InvariantError("rows with several new tokens run in groups of their own");
    if (firstSlot < 0 || firstSlot + rows.length > slots) {
      throw new InvariantError(`rows in slots ${firstSlot} to ${firstSlot + rows.length - 1}, there are ${slots}`);
    }
    for (const { ids, past } of rows) {
      if (ids.length !== length) throw new InvariantError("the rows of a group have unequal numbers of new tokens");
      if (past + length > slotTokens) {
        throw new InvariantError(`a request of ${past + length} tokens in a slot of ${slotTokens}`);
      }
    }
  }
}

interface GroupFeed {
  readonly ids: BigInt64Array;
  readonly positions: BigInt64Array;
  readonly lastPositions: Int32Array;
  readonly longest: number;
}

function feedOf(rows: readonly StepRow[], length: number, shape: ModelShape): GroupFeed {
  const ids = new BigInt64Array(rows.length * length);
  const positions = new BigInt64Array(rows.length * length);
  const lastPositions = new Int32Array(rows.length);
  let longest = 0;
  for (const [row, { ids: given, past }] of rows.entries()) {
    for (let at = 0; at < length; at++) {
      ids[row * length + at] = BigInt(foldTokenId(given[at]!, shape));
      positions[row * length + at] = BigInt(past + at);
    }
    lastPositions[row] = past + length - 1;
    longest = Math.max(longest, past + length);
  }
  return { ids, positions, lastPositions, longest };
}
