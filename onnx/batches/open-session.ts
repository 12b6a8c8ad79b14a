/** What all sessions share: how ONNX Runtime is set up, the clock, and reading tokens out of tensors. Worker thread only. */
import { InferenceSession, Tensor } from "onnxruntime-node";
import type { Precision } from "../spec/index.js";
import type { BatchRequest, BatchRun } from "./batch.js";
import { halfTensor } from "./half-tensor.js";
import type { WorkerOptions } from "./worker-protocol.js";

/** Everything of a BatchRun but the memory, which the worker reads around the run. */
export type TimedRun = Omit<BatchRun, "peakRssBytes">;

/** Loaded graphs. */
export interface BatchSessions {
  run(batch: BatchRequest): Promise<TimedRun>;
  release(): Promise<void>;
}

/** Loads one graph. */
export function openSession(
  model: string | Uint8Array,
  { device, threads }: Pick<WorkerOptions, "device" | "threads">,
): Promise<InferenceSession> {
  const options: InferenceSession.SessionOptions = {
    executionProviders: [device],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    // Memory would depend on whether shapes repeat (docs/design.md, "No memory patterns").
    enableMemPattern: false,
    graphOptimizationLevel: "all",
    // Failures are thrown and reported once, by the executor; ONNX Runtime need not write them to stderr as well.
    logSeverityLevel: 4,
    // Measured on 2 shared cores, mini, 8 x 20 tokens, medians of two runs each: 106 ms without spinning, 140-142 ms with it.
    extra: { session: { intra_op: { allow_spinning: "0" } } },
  };
  return typeof model === "string" ? InferenceSession.create(model, options) : InferenceSession.create(model, options);
}

/** process.hrtime in nanoseconds. */
export function nowNs(): number {
  return Number(process.hrtime.bigint());
}

/** int64 [rows, n] as lists of numbers. */
export function rowsOf(tensor: Tensor, rows: number): number[][] {
  const ids = Array.from(tensor.data as BigInt64Array, Number);
  const perRow = ids.length / rows;
  return Array.from({ length: rows }, (_, row) => ids.slice(row * perRow, (row + 1) * perRow));
}

/** int64 with these sizes. */
export function int64Tensor(values: BigInt64Array, dims: readonly number[]): Tensor {
  return new Tensor("int64", values, dims);
}

/** Memory of ours for keys and values, grown when more is asked for and never given back. */
export class CachePool {
  private numbers: Float32Array | Uint16Array;

  constructor(private readonly precision: Precision) {
    this.numbers = this.allocate(0);
  }

  /** Tensors of these sizes, one after the other. */
  tensors(sizes: readonly { readonly name: string; readonly dims: readonly number[] }[]): Record<string, Tensor> {
    const counts = sizes.map(({ dims }) => dims.reduce((product, size) => product * size, 1));
    const total = counts.reduce((sum, count) => sum + count, 0);
    if (this.numbers.length < total) this.numbers = this.allocate(total);
    let start = 0;
    const entries = sizes.map(({ name, dims }, index): [string, Tensor] => {
      const part = this.numbers.subarray(start, (start += counts[index]!));
      return [name, part instanceof Float32Array ? new Tensor("float32", part, dims) : halfTensor(part, dims)];
    });
    return Object.fromEntries(entries);
  }

  private allocate(count: number): Float32Array | Uint16Array {
    return this.precision === "fp16" ? new Uint16Array(count) : new Float32Array(count);
  }
}
