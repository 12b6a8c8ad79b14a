/** From measurements and what ran them to a profile: fits time and memory, and gathers what a reader should know. */
import type { ExecutorInfo } from "../../onnx/index.js";
import {
  PROFILE_VERSION,
  check,
  profileSchema,
  greatest,
  least,
  defined,
  type Profile,
  type StepCosts,
} from "../../formats/index.js";
import {
  assess,
  blockName,
  describeNoise,
  fitMemory,
  fitStaticBatch,
  toCells,
  type BatchShape,
  type Measurement,
  type Residual,
} from "../fit/index.js";
import { reportDrift, type DriftReport } from "./measure/index.js";
import { heldOutBlocks } from "./held-out.js";
import { referenceShape, type GridPlan } from "./plan.js";

export interface ProfileInputs {
  readonly plan: GridPlan;
  /** Each task once. */
  readonly measurements: readonly Measurement[];
  /** All that was measured, what was replaced and the references included. */
  readonly everything: readonly Measurement[];
  /** More of how it was measured, for the profile's engine settings. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly info: ExecutorInfo;
  readonly machine: Profile["machine"];
  /** Absent: steps were not measured. */
  readonly steps?: StepCosts | undefined;
  readonly memory: { readonly totalBytes: number; readonly baseBytes: number };
}

/** Fits and checks the profile against its schema; `warnings` says what to know before trusting it. */
export async function buildProfile(inputs: ProfileInputs): Promise<{
  readonly profile: Profile;
  readonly warnings: readonly string[];
  readonly residuals: readonly Residual[];
  readonly rejection: readonly string[];
}> {
  const { plan, measurements, info, machine, memory } = inputs;
  const cells = toCells(measurements);
  const heldOut = heldOutBlocks(cells, plan.seed);
  const fitted = await fitStaticBatch(measurements, {
    seed: plan.seed,
    isHeldOut: (shape) => heldOut.has(blockName(shape)),
  });
  const memoryFit = await fitMemory(measurements, memory.baseBytes);
  const warnings = [...fitted.warnings, ...memoryFit.warnings, ...describeNoise(cells)];
  const { name, layers, width, heads, vocab, positions, parameters, precision, kvBytesPerToken } = info.model;
  const { cost, range, fit, held_out, noise, uncertainty } = fitted;
  const profile = check(
    profileSchema,
    {
      version: PROFILE_VERSION,
      name: `${name}-${info.provider}`,
      date: new Date().toISOString(),
      source: describeSource(inputs),
      machine,
      model: { name, layers, width, heads, vocab, positions, parameters, dtype: `float${precision.slice(2)}` },
      engine: describeEngine(inputs),
      cost,
      memory: {
        total_bytes: memory.totalBytes,
        base_bytes: memory.baseBytes,
        terms: memoryFit.terms,
        kv_bytes_per_token: kvBytesPerToken,
        arena_keeps_peak: true,
      },
      range,
      fit,
      ...defined({ held_out }),
      noise,
      uncertainty,
      ...defined({ steps: inputs.steps }),
    },
    { source: `profile of model "${name}"` },
  );
  return { profile, warnings, residuals: fitted.residuals, rejection: assess({ ...fitted, warnings }) };
}

function describeEngine({ plan, everything, settings, info }: ProfileInputs) {
  const drift = reportDrift(everything);
  return {
    name: info.provider === "cuda" ? "onnxruntime-cuda" : "onnxruntime-cpu",
    version: info.ortVersion,
    settings: {
      threads: info.threads,
      seed: plan.seed,
      repeats: plan.repeats,
      max_repeats: plan.maxRepeats,
      ...settings,
      ...defined({ drift: drift && driftSettings(drift, referenceShape(plan)) }),
    },
  };
}

function describeSource({ plan, measurements }: ProfileInputs): string {
  const grid = measurements.filter(({ kind }) => kind === "grid").length;
  const list = (levels: readonly number[]): string => levels.join("/");
  return (
    `servesim calibrate onnx: ${grid} batches measured, batch sizes ${list(plan.batchSizes)}, prompts of ` +
    `${list(plan.promptTokens)} tokens, ${list(plan.decodeSteps)} decode steps; fitted to the median of ${repeatsOf(measurements)} repeats`
  );
}

/** How often shapes were measured: `3`, or `3 to 8`. */
function repeatsOf(measurements: readonly Measurement[]): string {
  const counts = toCells(measurements).map(({ repeats }) => repeats.length);
  const [fewest, most] = [least(counts), greatest(counts)];
  return fewest === most ? String(most) : `${fewest} to ${most}`;
}

/** As files write it. */
function driftSettings(
  { references, usualNs, range, blocks, disturbedBlocks, remade, leftDisturbed }: DriftReport,
  { batchSize, promptTokens, decodeSteps }: BatchShape,
) {
  return {
    references,
    reference: { batch_size: batchSize, prompt_tokens: promptTokens, decode_steps: decodeSteps, ms: usualNs / 1e6 },
    range,
    blocks,
    disturbed_blocks: disturbedBlocks,
    batches_remade: remade,
    batches_left_disturbed: leftDisturbed,
  };
}
