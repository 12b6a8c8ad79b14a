/** Flags of servesim bench, and what a bench was asked for. */
import { z } from "zod";
import { policyNameSchema } from "../../../formats/index.js";
import { batchPolicyNames, policyNames } from "../../../sim/index.js";
import type { Args } from "../../command.js";
import { count, mebibytes, modelFlags, samplingFlags, toggle, vllmFlags, type Flags } from "../../flags/index.js";
import { deliveryFlags, pictureFlags } from "../../runs/index.js";

export const ownBenchFlags = {
  backend: z
    .enum(["onnx", "vllm"])
    .default("onnx")
    .describe("what runs the model: ONNX Runtime on this machine, or a vLLM server"),
  policy: policyNameSchema
    .optional()
    .describe(`scheduler: ${policyNames.join(", ")}; a vLLM server: ${batchPolicyNames.join(", ")} or vllm (default)`),
  num_runs: count(100).default(1).describe("number of repeats; how much they differ is the noise of the machine"),
  total_memory_mib: mebibytes.optional().describe("memory that thresholds are a fraction of; default: all of it"),
  save_detailed: toggle.describe(
    "keep every answer: onnx in requests.csv; vllm, with its times, in the file of --save-result",
  ),
  ...pictureFlags,
  ...deliveryFlags,
};

/** `--model` names a preset or file for onnx, a served model for vllm, where its default is what the server serves. */
export const { model: modelFlag, ...onnxModelFlags } = modelFlags;
/** Flags that do nothing on a vLLM server. */
export const onnxOnlyFlags = {
  ...onnxModelFlags,
  ...pictureFlags,
  total_memory_mib: ownBenchFlags.total_memory_mib,
};

export const allBenchFlags = { ...ownBenchFlags, ...modelFlags, ...samplingFlags, ...vllmFlags };

export type BenchFlags = Flags<typeof allBenchFlags>;

/** What a bench was asked for, and the folder of each repeat. */
export interface BenchRequest {
  readonly flags: BenchFlags;
  readonly places: readonly (string | undefined)[];
  readonly args: Args;
}
