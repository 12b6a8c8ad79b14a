/** servesim bench: one policy for real, on this machine or on a vLLM server, the same requests that simulate would take. */
import { z } from "zod";
import { ConfigError, MAX_MEMORY_MIB, policyNameSchema } from "../formats/index.js";
import { whileLocked } from "../formats/files/index.js";
import { batchPolicyNames } from "../sim/index.js";
import type { Args, Command } from "./command.js";
import { deliveryFlags, requireRoom } from "./deliver-run.js";
import { declareFlags, flagName, givenFlags, parseFlags, type Shape } from "./flags.js";
import { modelFlags, samplingFlags } from "./model-flags.js";
import { declareRunFlags } from "./run-request.js";
import { vllmFlags } from "./vllm-flags.js";

const ownFlags = {
  backend: z
    .enum(["onnx", "vllm"])
    .default("onnx")
    .describe("what runs the model: ONNX Runtime on this machine, or a vLLM server"),
  policy: policyNameSchema
    .optional()
    .describe(`scheduler: ${batchPolicyNames.join(", ")}, or vllm on a vLLM server (its default)`),
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
  ...deliveryFlags,
};

/** `--model` names a preset or file for onnx, a served model for vllm, where its default is what the server serves. */
const { model, ...onnxModelFlags } = modelFlags;
const onnxOnly = { ...onnxModelFlags, total_memory_mib: ownFlags.total_memory_mib };

export const allBenchFlags = { ...ownFlags, ...modelFlags, ...samplingFlags, ...vllmFlags };

/** What a bench was asked for, and the folder of each repeat. */
export interface BenchRequest {
  readonly flags: ReturnType<typeof parseBenchFlags>;
  readonly places: readonly (string | undefined)[];
  readonly args: Args;
}

export const benchCommand: Command = {
  flags: (yargs) =>
    declareFlags(
      declareFlags(
        declareFlags(declareRunFlags(yargs, ownFlags), { model, ...onnxModelFlags }, "Model:"),
        samplingFlags,
        "Tokens:",
      ),
      vllmFlags,
      "vLLM server:",
    ),
  run: async (args) => {
    const flags = parseBenchFlags(args);
    rejectFlags(flags.backend === "onnx" ? vllmFlags : onnxOnly, flags.backend, args);
    const places = repeatFolders(flags.output, flags.num_runs);
    for (const output of places) requireRoom({ ...flags, output });
    const request = { flags, places, args };
    await whileAllLocked(places, async () => {
      if (flags.backend === "onnx") await (await import("./bench-onnx.js")).benchOnOnnx(request);
      else await (await import("./bench-vllm.js")).benchOnVllm(request);
    });
  },
};

/** What is kept as it goes in a folder is this process's alone. */
async function whileAllLocked([place, ...others]: BenchRequest["places"], work: () => Promise<void>): Promise<void> {
  if (place === undefined) await work();
  else await whileLocked(place, () => whileAllLocked(others, work));
}

function parseBenchFlags(args: Args) {
  return parseFlags(allBenchFlags, args);
}

/** Flags that would do nothing with the backend. */
function rejectFlags(others: Shape, backend: "onnx" | "vllm", args: Args): void {
  const [given] = Object.keys(givenFlags(others, args));
  if (given === undefined) return;
  const owner = backend === "onnx" ? "vllm" : "onnx";
  throw new ConfigError(`--${flagName(given)} is a flag of --backend ${owner}, not of ${backend}`);
}

/** The folder of each repeat: `out`, `out-r2`, `out-r3`, as an experiment names them. */
function repeatFolders(output: string | undefined, repeats: number): (string | undefined)[] {
  return Array.from({ length: repeats }, (_, at) =>
    output === undefined || at === 0 ? output : `${output.replace(/\/+$/, "")}-r${at + 1}`,
  );
}
