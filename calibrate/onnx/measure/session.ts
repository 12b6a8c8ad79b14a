/**
 * One sitting of measuring: runs tasks on an executor, keeps each measurement at once, reports progress, stops between
 * batches when asked and before time runs out. Grid tasks run in blocks with a reference between them. Starts from what an
 * earlier, interrupted sitting left.
 */
import type { OnnxExecutor } from "../../../onnx/index.js";
import { otherCores } from "../../../machine/index.js";
import { BackendError, defined } from "../../../formats/index.js";
import { shapeName, type BatchShape, type Measurement } from "../../fit/index.js";
import { BLOCK_TASKS, chooseMeasurements, REFERENCE_REPEATS } from "./drift-watch.js";
import { covers, expectedNs } from "./expected-time.js";
import { measureBatch, type MeasureTask } from "./measure.js";
import type { MeasuringBench } from "./measuring-bench.js";
import type { GridPlan } from "../plan.js";

/** Progress of a calibration, in batches; `etaS` is seconds left at the pace so far. */
export interface CalibrationProgress {
  readonly done: number;
  readonly total: number;
  readonly etaS: number;
  readonly label: string;
}

export interface SessionOptions {
  readonly bench: MeasuringBench;
  readonly plan: GridPlan;
  /** The shape that is repeated to see the machine drift. */
  readonly reference: BatchShape;
  /** What is measured already. */
  readonly earlier: readonly Measurement[];
  /** Called with every measurement as it is made. */
  readonly keep: (measurement: Measurement) => void;
  readonly onProgress?: (progress: CalibrationProgress) => void;
  readonly signal?: AbortSignal;
}

/** Runs tasks and holds all measurements, the earlier ones included. */
export class CalibrationSession {
  /** When measuring has to end, on the bench's clock; no batch is begun that is expected to last longer. */
  endNs = Infinity;
  /** Shapes that ran out of memory; larger ones are not tried. */
  readonly tooLarge: BatchShape[] = [];
  private readonly all: Measurement[];
  private readonly tasksDone: Set<string>;
  private readonly warm = new Set<string>();
  private readonly startNs: number;
  private block: number;
  private referencedBlock: number | undefined;
  private loadBefore: ReturnType<MeasuringBench["readLoad"]>;
  private order: number;
  private measuredNow = 0;
  private total = 0;
  private isLate = false;

  constructor(private readonly options: SessionOptions) {
    const { earlier, bench } = options;
    this.all = [...earlier];
    this.tasksDone = new Set(earlier.map((measurement) => taskName(measurement.kind, measurement)));
    this.order = earlier.reduce((next, { order }) => Math.max(next, order + 1), 0);
    this.block = earlier.reduce((next, { block = -1 }) => Math.max(next, block + 1), 0);
    this.startNs = bench.nowNs();
    this.loadBefore = bench.readLoad();
  }

  /** Everything measured, in that order: references and what was measured again included. */
  get measurements(): readonly Measurement[] {
    return this.all;
  }

  /** Each task once, as the fit takes it. */
  get chosen(): Measurement[] {
    return chooseMeasurements(this.all);
  }

  /** True once a batch was left out because time was too short for it. */
  get ranOutOfTime(): boolean {
    return this.isLate;
  }

  /** Time left for measuring, ns. */
  get leftNs(): number {
    return this.endNs - this.options.bench.nowNs();
  }

  /** True when a task needs no measuring any more. */
  has({ kind, shape, rep }: MeasureTask): boolean {
    return this.tasksDone.has(taskName(kind, { ...shape, rep }));
  }

  /** Sets what progress counts against; batches measured before count as done. */
  expect(batches: number): void {
    this.total = batches;
  }

  /** Expected time of a batch, ns. */
  expectedNs(shape: BatchShape): number {
    return expectedNs(shape, this.all);
  }

  /** True when a batch may be begun. */
  hasTimeFor(shape: BatchShape): boolean {
    return this.endNs === Infinity || this.expectedNs(shape) <= this.leftNs;
  }

  /**
   * Measures a task, again if need be, on the session's executor unless another is given. False when there is no time or
   * memory for it. Throws the signal's reason between two batches.
   */
  async measure(
    task: MeasureTask,
    own: { readonly executor?: OnnxExecutor; readonly block?: number } = {},
  ): Promise<boolean> {
    const { bench, plan, keep, signal } = this.options;
    signal?.throwIfAborted();
    if (this.tooLarge.some((shape) => covers(task.shape, shape))) return false;
    if (!this.hasTimeFor(task.shape)) {
      this.isLate = true;
      return false;
    }
    if (!(await this.fitsApart(task.shape))) return false;
    const clock = { ...bench, ...defined({ executor: own.executor }) };
    const timed = await this.orTooLarge(task.shape, () => measureBatch(clock, plan, task, this.order++));
    if (timed === undefined) return false;
    const peakRssBytes = (task.kind === "memory" ? await bench.readPeakBytes?.() : undefined) ?? timed.peakRssBytes;
    this.add({ ...timed, peakRssBytes, ...defined({ block: own.block }) }, keep);
    return true;
  }

  /** Measures the tasks that are missing (`again`: all of them) in blocks, with the reference before each and at the end. */
  async runBlocks(tasks: readonly MeasureTask[], options: { readonly again?: boolean } = {}): Promise<void> {
    const missing = tasks.filter((task) => options.again === true || !this.has(task));
    for (let from = 0; from < missing.length && !this.isLate; from += BLOCK_TASKS) {
      await this.measureReference();
      for (const task of missing.slice(from, from + BLOCK_TASKS)) {
        await this.warmUp(task.shape);
        await this.measure(task, { block: this.block });
      }
      this.block++;
    }
    if (missing.length > 0) await this.measureReference();
  }

  /** Runs a batch of a shape that has not run in this process yet, and forgets it. */
  async warmUp(shape: BatchShape): Promise<void> {
    const { bench, plan, signal } = this.options;
    if (this.warm.has(shapeName(shape)) || this.tooLarge.some((large) => covers(shape, large))) return;
    signal?.throwIfAborted();
    if (!this.hasTimeFor(shape)) {
      this.isLate = true;
      return;
    }
    if (!(await this.fitsApart(shape))) return;
    this.warm.add(shapeName(shape));
    await this.orTooLarge(shape, () => measureBatch(bench, plan, { kind: "cold", shape, rep: 0 }, 0));
  }

  /** What the run of a shape gives; undefined, and noted, where memory was not enough for it. */
  private async orTooLarge<T>(shape: BatchShape, run: () => Promise<T>): Promise<T | undefined> {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof BackendError && error.message.includes("out of memory"))) throw error;
      this.tooLarge.push(shape);
      return undefined;
    }
  }

  /** False, and noted, when a shape that did not run yet is found not to fit. */
  private async fitsApart(shape: BatchShape): Promise<boolean> {
    if (this.warm.has(shapeName(shape)) || (await this.options.bench.fitsApart?.(shape)) !== false) return true;
    this.tooLarge.push(shape);
    return false;
  }

  private async measureReference(): Promise<void> {
    const { reference: shape, bench, plan, keep, signal } = this.options;
    if (this.referencedBlock === this.block || this.leftNs < REFERENCE_REPEATS * this.expectedNs(shape)) return;
    await this.warmUp(shape);
    const load = bench.readLoad();
    const others = Number(otherCores(this.loadBefore, load).toPrecision(3));
    for (let rep = 0; rep < REFERENCE_REPEATS; rep++) {
      signal?.throwIfAborted();
      const timed = await measureBatch(bench, plan, { kind: "reference", shape, rep }, this.order++);
      this.add({ ...timed, block: this.block, otherCores: others }, keep);
    }
    this.loadBefore = bench.readLoad();
    this.referencedBlock = this.block;
  }

  private add(measurement: Measurement, keep: SessionOptions["keep"]): void {
    keep(measurement);
    this.all.push(measurement);
    this.warm.add(shapeName(measurement));
    this.tasksDone.add(taskName(measurement.kind, measurement));
    this.measuredNow++;
    const { kind, rep } = measurement;
    const done = this.all.length;
    const total = Math.max(done, this.total);
    const elapsedS = (this.options.bench.nowNs() - this.startNs) / 1e9;
    const etaS = (elapsedS / this.measuredNow) * (total - done);
    const label = `${kind} ${shapeName(measurement)}${kind === "grid" ? ` round ${rep + 1}` : ""}`;
    this.options.onProgress?.({ done, total, etaS, label });
  }
}

function taskName(kind: string, measurement: BatchShape & { readonly rep: number }): string {
  return `${kind} ${shapeName(measurement)} ${measurement.rep}`;
}
