/** The batches of a calibration: takes up what an interrupted one measured, measures the rest, and keeps each in the raw file. */
import { cpuModel } from "../../../machine/index.js";
import { ConfigError, defined } from "../../../formats/index.js";
import { blockName, toCells } from "../../fit/index.js";
import { heldOutBlocks } from "../held-out.js";
import type { MachineBench } from "./machine-bench.js";
import { measurePlan, type MeasuredPlan } from "./measure-plan.js";
import { referenceShape, type GridPlan } from "../plan.js";
import { appendRaw, resumeRaw, startRaw, writeRawContext, type EarlierSitting, type RawContext } from "../raw/index.js";
import { CalibrationSession, type CalibrationProgress } from "./session.js";

/** Fewest shapes to fit, beside those held out. */
const MIN_FITTED = 3;

export interface MeasureBatchesOptions {
  readonly rawPath?: string | undefined;
  readonly resume?: boolean | undefined;
  readonly onProgress?: ((progress: CalibrationProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** When measuring stops, on the bench's clock; Infinity: when the plan is done. */
  readonly endNs: number;
}

export interface MeasuredBatches {
  readonly session: CalibrationSession;
  readonly made: MeasuredPlan;
  readonly context: RawContext;
}

/** ArtifactError where what is resumed belongs to another plan or machine; ConfigError where `endNs` left too little to fit. */
export async function measureBatches(
  bench: MachineBench,
  plan: GridPlan,
  { rawPath, resume, onProgress, signal, endNs }: MeasureBatchesOptions,
): Promise<MeasuredBatches> {
  const { bound, loadedBytes } = bench;
  const { info } = bench.executor;
  const runtime = `onnxruntime-node ${info.ortVersion} ${info.provider}, ${info.threads} threads`;
  const here = { plan, machine: { cpu: cpuModel(), cores: info.threads, runtime } };
  const nothing: EarlierSitting = { measurements: [], baseBytes: loadedBytes, scouted: false };
  const earlier = resume === true ? await resumeRaw(rawPath!, here) : nothing;
  let context: RawContext = { ...here, baseBytes: earlier.baseBytes, scouted: earlier.scouted };
  if (rawPath !== undefined && resume !== true) startRaw(rawPath, context);

  const session = new CalibrationSession({
    bench,
    plan,
    reference: referenceShape(plan),
    earlier: earlier.measurements,
    keep: (measurement) => {
      if (rawPath !== undefined) appendRaw(rawPath, measurement);
    },
    ...defined({ onProgress, signal }),
  });
  const made = await measurePlan({
    bench,
    plan,
    session,
    bound,
    endNs,
    scouted: earlier.scouted,
    onScout: (scouted) => {
      context = { ...context, scouted, ...(scouted ? {} : { baseBytes: loadedBytes }) };
      if (rawPath !== undefined) writeRawContext(rawPath, context);
    },
  });
  if (endNs !== Infinity) requireEnough(session, plan, made);
  return { session, made, context };
}

/** ConfigError when the budget ended before there was enough to fit anything to. */
function requireEnough(session: CalibrationSession, plan: GridPlan, { measured, allowed }: MeasuredPlan): void {
  const cells = toCells(session.chosen);
  const heldOut = heldOutBlocks(cells, plan.seed);
  if (cells.filter((cell) => !heldOut.has(blockName(cell))).length >= MIN_FITTED) return;
  throw new ConfigError(
    `calibrate: the budget ended with ${measured} of ${allowed} shapes measured, which is too little to fit a cost model ` +
      `to; continue with --resume and a larger --budget, or choose fewer or smaller batch_sizes and prompt_tokens`,
  );
}
