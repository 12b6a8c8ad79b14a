/**
 * Measures one batch on an executor: its prefill, its decode loop, the caller's wall time, and what lies between the
 * two clocks (the hand-over to the worker and back). Nanoseconds of one clock that both threads share, less what reading
 * it costs.
 */
import { tokenizerVocab, type OnnxExecutor } from "../../../onnx/index.js";
import { checkMeasurement, type BatchShape, type Measurement, type MeasurementKind } from "../../fit/index.js";
import type { MeasuringBench } from "./measuring-bench.js";
import { promptIdsOf, type GridPlan } from "../plan.js";

/** What to measure: a shape, which repeat of it, for what. */
export interface MeasureTask {
  readonly kind: MeasurementKind;
  readonly shape: BatchShape;
  readonly rep: number;
}

/** Runs the batch of a task; `order` is its position in the session. Throws BackendError when the executor fails. */
export async function measureBatch(
  { executor, nowNs, timerNs }: Pick<MeasuringBench, "nowNs" | "timerNs"> & { readonly executor: OnnxExecutor },
  plan: GridPlan,
  { kind, shape, rep }: MeasureTask,
  order: number,
): Promise<Measurement> {
  const promptIds = promptIdsOf(plan, shape, rep, tokenizerVocab);
  const seeds = promptIds.map((_, row) => `${plan.seed}/calibrate/sampling/${row}`);
  const postNs = nowNs();
  const run = await executor.runBatch({
    promptIds,
    outputTokens: shape.decodeSteps + 1,
    ...(plan.sampling === undefined ? {} : { sampling: { ...plan.sampling, seeds } }),
  });
  const wallNs = nowNs() - postNs;
  const measurement: Measurement = {
    ...shape,
    kind,
    rep,
    order,
    prefillNs: lessTimer(run.firstTokenNs - run.startNs, timerNs),
    decodeNs: lessTimer(run.endNs - run.firstTokenNs, timerNs),
    wallNs: lessTimer(wallNs, timerNs),
    dispatchNs: wallNs - (run.endNs - run.startNs),
    peakRssBytes: run.peakRssBytes,
  };
  checkMeasurement(measurement);
  return measurement;
}

/** A duration of nothing stays one: the decode loop of a batch without decode steps. */
function lessTimer(durationNs: number, timerNs: number): number {
  return durationNs <= 0 ? durationNs : Math.max(1, durationNs - timerNs);
}
