/** From measurements and what ran them to a profile: fits time and memory, and gathers what a reader should be told. */
import type { ExecutorInfo } from "../../backend/onnx/index.js";
import { PROFILE_VERSION, check, type Profile, profileSchema } from "../../formats/index.js";
import { blockName, describeNoise, fitMemory, fitStaticBatch, toCells, type Measurement } from "../fit/index.js";
import { heldOutBlocks, type GridPlan } from "./plan.js";

export interface ProfileInputs {
  readonly plan: GridPlan;
  readonly measurements: readonly Measurement[];
  readonly info: ExecutorInfo;
  readonly machine: Profile["machine"];
  readonly memory: { readonly totalBytes: number; readonly baseBytes: number };
}

const BYTES_PER_FLOAT32 = 4;

/** Fits and checks the profile against its schema; `warnings` says what to know before trusting it. */
export async function buildProfile(
  inputs: ProfileInputs,
): Promise<{ readonly profile: Profile; readonly warnings: readonly string[] }> {
  const { plan, measurements, info, machine, memory } = inputs;
  const heldOut = heldOutBlocks(plan);
  const fitted = await fitStaticBatch(measurements, {
    seed: plan.seed,
    isHeldOut: (shape) => heldOut.has(blockName(shape)),
  });
  const memoryFit = await fitMemory(measurements, memory.baseBytes);
  const warnings = [...fitted.warnings, ...memoryFit.warnings, ...describeNoise(toCells(measurements))];
  const { name, layers, width, heads, vocab, positions, parameters } = info.model;
  const { cost, range, fit, held_out, noise } = fitted;
  const profile = check(
    profileSchema,
    {
      version: PROFILE_VERSION,
      name: `${name}-${info.provider}`,
      date: new Date().toISOString(),
      source: describeSource(inputs),
      machine,
      model: { name, layers, width, heads, vocab, positions, parameters, dtype: "float32" },
      engine: {
        name: info.provider === "cuda" ? "onnxruntime-cuda" : "onnxruntime-cpu",
        version: info.ortVersion,
        settings: { threads: info.threads, seed: plan.seed, repeats: plan.repeats },
      },
      cost,
      memory: {
        total_bytes: memory.totalBytes,
        base_bytes: memory.baseBytes,
        terms: memoryFit.terms,
        kv_bytes_per_token: 2 * layers * width * BYTES_PER_FLOAT32,
        arena_keeps_peak: true,
      },
      range,
      fit,
      ...(held_out === undefined ? {} : { held_out }),
      noise,
    },
    { source: `profile of model "${name}"` },
  );
  return { profile, warnings };
}

function describeSource({ plan, measurements }: ProfileInputs): string {
  const grid = measurements.filter(({ kind }) => kind === "grid").length;
  const list = (levels: readonly number[]): string => levels.join("/");
  return (
    `servesim calibrate onnx: ${grid} batches measured, batch sizes ${list(plan.batchSizes)}, prompts of ` +
    `${list(plan.promptTokens)} tokens, ${list(plan.decodeSteps)} decode steps; fitted to the median of ${plan.repeats} repeats`
  );
}
