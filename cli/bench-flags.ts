/** Flags of servesim bench, and what a bench was asked for. */
import { z } from "zod";
import { MAX_MEMORY_MIB, policyNameSchema } from "../formats/index.js";
import { batchPolicyNames, policyNames } from "../sim/index.js";
import type { Args } from "./command.js";
import { deliveryFlags } from "./deliver-run.js";
import { parseFlags } from "./flags.js";
import { modelFlags, samplingFlags } from "./model-flags.js";
import { chartsFlags } from "./run-charts.js";
import { traceFlags } from "./run-trace.js";
import { vllmFlags } from "./vllm-flags.js";

export const ownBenchFlags = {
  backend: z
    .enum(["onnx", "vllm"])
    .default("onnx")
    .describe("what runs the model: ONNX Runtime on this machine, or a vLLM server"),
  policy: policyNameSchema
    .optional()
    .describe(`scheduler: ${policyNames.join(", ")}; a vLLM server: ${batchPolicyNames.join(", ")} or vllm (default)`),
  num_runs: z
    .int()
    .positive()
    .max(100)
    .default(1)
    .describe("number of repeats; how much they differ is the noise of the machine"),
  total_memory_mib: z
    .number()
    .positive()
    .max(MAX_MEMORY_MIB)
    .optional()
    .describe("memory that thresholds are a fraction of; default: all of it"),
  save_detailed: z
    .boolean()
    .default(false)
    .describe("keep every answer: onnx in requests.csv; vllm, with its times, in the file of --save-result"),
  ...traceFlags,
  ...chartsFlags,
  ...deliveryFlags,
};

/** `--model` names a preset or file for onnx, a served model for vllm, where its default is what the server serves. */
export const { model: modelFlag, ...onnxModelFlags } = modelFlags;
/** Flags that do nothing on a vLLM server. */
export const onnxOnlyFlags = {
  ...onnxModelFlags,
  ...traceFlags,
  ...chartsFlags,
  total_memory_mib: ownBenchFlags.total_memory_mib,
};

export const allBenchFlags = { ...ownBenchFlags, ...modelFlags, ...samplingFlags, ...vllmFlags };

/** What a bench was asked for, and the folder of each repeat. */
export interface BenchRequest {
  readonly flags: ReturnType<typeof parseBenchFlags>;
  readonly places: readonly (string | undefined)[];
  readonly args: Args;
}

export function parseBenchFlags(args: Args) {
  return parseFlags(allBenchFlags, args);
}
