/**
 * One sitting of measuring: runs tasks on an executor, keeps each measurement at once, reports progress and stops
 * between batches when asked. Starts from what an earlier, interrupted sitting left.
 */
import type { OnnxExecutor } from "../../backend/onnx/index.js";
import { shapeName, type BatchShape, type Measurement } from "../fit/index.js";
import { measureBatch, type MeasureTask } from "./measure.js";
import type { GridPlan } from "./plan.js";

/** Progress of a calibration, in batches; `etaS` is seconds left at the pace so far. */
export interface CalibrationProgress {
  readonly done: number;
  readonly total: number;
  readonly etaS: number;
  readonly label: string;
}

export interface SessionOptions {
  readonly executor: OnnxExecutor;
  readonly plan: GridPlan;
  /** What is measured already. */
  readonly earlier: readonly Measurement[];
  /** Called with every measurement as it is made. */
  readonly keep: (measurement: Measurement) => void;
  readonly onProgress?: (progress: CalibrationProgress) => void;
  readonly signal?: AbortSignal;
  /** Replaces the peak that the executor reports, where memory is not the process's own (GPU). */
  readonly readPeakBytes?: () => Promise<number>;
}

/** Runs tasks and holds all measurements, the earlier ones included. */
export class CalibrationSession {
  private readonly byTask = new Map<string, Measurement>();
  private readonly startNs = process.hrtime.bigint();
  private order: number;
  private measuredNow = 0;
  private total = 0;

  constructor(private readonly options: SessionOptions) {
    for (const measurement of options.earlier) this.byTask.set(taskName(measurement.kind, measurement), measurement);
    this.order = options.earlier.reduce((next, { order }) => Math.max(next, order + 1), 0);
  }

  /** Everything measured, each task once (the latest), in the order of measuring. */
  get measurements(): Measurement[] {
    return [...this.byTask.values()].sort((a, b) => a.order - b.order);
  }

  /** True when a task needs no measuring any more. */
  has({ kind, shape, rep }: MeasureTask): boolean {
    return this.byTask.has(taskName(kind, { ...shape, rep }));
  }

  /** Sets what progress counts against; tasks measured before count as done. */
  expect(tasks: number): void {
    this.total = tasks;
  }

  /** Measures the tasks that are missing, in order. Throws the signal's reason between two batches. */
  async run(tasks: readonly MeasureTask[]): Promise<void> {
    for (const task of tasks) {
      if (!this.has(task)) await this.measure(task);
    }
  }

  /** Measures a task, again if need be. */
  async measure(task: MeasureTask): Promise<void> {
    const { executor, plan, keep, signal, readPeakBytes } = this.options;
    signal?.throwIfAborted();
    const timed = await measureBatch(executor, plan, task, this.order++);
    const peakRssBytes = (task.kind === "memory" ? await readPeakBytes?.() : undefined) ?? timed.peakRssBytes;
    const measurement = { ...timed, peakRssBytes };
    keep(measurement);
    this.byTask.set(taskName(task.kind, measurement), measurement);
    this.measuredNow++;
    this.report(task);
  }

  /** Runs a batch and forgets it. */
  async warmUp(shape: BatchShape): Promise<void> {
    const { executor, plan, signal } = this.options;
    signal?.throwIfAborted();
    await measureBatch(executor, plan, { kind: "cold", shape, rep: 0 }, 0);
  }

  private report({ kind, shape, rep }: MeasureTask): void {
    const done = this.byTask.size;
    const total = Math.max(done, this.total);
    const elapsedS = Number(process.hrtime.bigint() - this.startNs) / 1e9;
    const etaS = (elapsedS / this.measuredNow) * (total - done);
    const label = `${kind} ${shapeName(shape)}${kind === "grid" ? ` round ${rep + 1}` : ""}`;
    this.options.onProgress?.({ done, total, etaS, label });
  }
}

function taskName(kind: string, measurement: BatchShape & { readonly rep: number }): string {
  return `${kind} ${shapeName(measurement)} ${measurement.rep}`;
}
