/**
 * Measures one batch on an executor: its prefill, its decode loop, the caller's wall time, and what lies between the
 * two clocks (the hand-over to the worker and back). Nanoseconds of process.hrtime, which both threads share.
 */
import { tokenizerVocab, type OnnxExecutor } from "../../backend/onnx/index.js";
import { checkMeasurement, type BatchShape, type Measurement, type MeasurementKind } from "../fit/index.js";
import { promptIdsOf, type GridPlan } from "./plan.js";

/** What to measure: a shape, which repeat of it, for what. */
export interface MeasureTask {
  readonly kind: MeasurementKind;
  readonly shape: BatchShape;
  readonly rep: number;
}

/** Runs the batch of a task; `order` is its position in the session. Throws BackendError when the executor fails. */
export async function measureBatch(
  executor: OnnxExecutor,
  plan: GridPlan,
  { kind, shape, rep }: MeasureTask,
  order: number,
): Promise<Measurement> {
  const promptIds = promptIdsOf(plan, shape, rep, tokenizerVocab);
  const postNs = process.hrtime.bigint();
  const run = await executor.runBatch({ promptIds, outputTokens: shape.decodeSteps + 1 });
  const wallNs = Number(process.hrtime.bigint() - postNs);
  const measurement: Measurement = {
    ...shape,
    kind,
    rep,
    order,
    prefillNs: run.firstTokenNs - run.startNs,
    decodeNs: run.endNs - run.firstTokenNs,
    wallNs,
    dispatchNs: wallNs - (run.endNs - run.startNs),
    peakRssBytes: run.peakRssBytes,
  };
  checkMeasurement(measurement);
  return measurement;
}
