/**
 * servesim bench: one policy for real, on this machine or on a vLLM server, the same requests that simulate would take.
 */
import { ConfigError } from "../formats/index.js";
import { batchPolicyNames, stepPolicyNames } from "../sim/index.js";
import { whileLocked } from "../formats/files/index.js";
import {
  modelFlag,
  onnxModelFlags,
  onnxOnlyFlags,
  ownBenchFlags,
  parseBenchFlags,
  type BenchRequest,
} from "./bench-flags.js";
import type { Args, Command } from "./command.js";
import { loadFlags } from "./load-flags.js";
import { requireOneForm, requireRoom } from "./deliver-run.js";
import { declareFlags, flagName, givenFlags, type Shape } from "./flags.js";
import { samplingFlags } from "./model-flags.js";
import { repeatFolder } from "./repeat-place.js";
import { requireChartPlaces } from "./run-charts.js";
import { requireResultFiles } from "./result-file.js";
import { declareRunFlags } from "./run-request.js";
import { requireTracePlaces } from "./run-trace.js";
import { vllmFlags } from "./vllm-flags.js";

export const benchCommand: Command = {
  flags: (yargs) =>
    declareFlags(
      declareFlags(
        declareFlags(declareRunFlags(yargs, ownBenchFlags), { model: modelFlag, ...onnxModelFlags }, "Model:"),
        samplingFlags,
        "Tokens:",
      ),
      vllmFlags,
      "vLLM server:",
    ),
  run: async (args) => {
    const flags = parseBenchFlags(args);
    rejectFlags(flags.backend === "onnx" ? vllmFlags : onnxOnlyFlags, flags.backend, args);
    rejectSimulated(args, flags);
    requireOneForm(flags);
    const { output: first } = flags;
    const places = Array.from({ length: flags.num_runs }, (_, at) =>
      first === undefined ? undefined : repeatFolder(first, at),
    );
    for (const output of places) requireRoom({ ...flags, output });
    requireResultFiles(flags, flags.num_runs, flags.force);
    requireTracePlaces(flags, flags.num_runs);
    requireChartPlaces(flags, flags.num_runs);
    const request = { flags, places, args };
    await whileAllLocked(places, async () => {
      if (flags.backend === "onnx") await (await import("./bench-onnx.js")).benchOnOnnx(request);
      else await (await import("./bench-vllm.js")).benchOnVllm(request);
    });
  },
};

/** Answers that end by themselves are simulated only; clients give up on what schedules steps, on a server or here. */
function rejectSimulated(args: Args, { backend, policy = "vllm" }: BenchRequest["flags"]): void {
  const { patience_ttft, patience_e2el, retries } = loadFlags;
  const [given] = Object.keys(givenFlags({ patience_ttft, patience_e2el, retries }, args));
  const isOfBatches = batchPolicyNames.some((name) => name === policy);
  if (given !== undefined && isOfBatches) {
    throw new ConfigError(
      `--${flagName(given)}: a real run of ${policy} waits for every answer of a batch; simulate clients that give up, or take a ` +
        `policy that runs steps: ${stepPolicyNames.join(", ")}${backend === "vllm" ? " (--backend onnx)" : ""}`,
    );
  }
  const { output_min_tokens, output_max_tokens } = loadFlags;
  const [limit] = Object.keys(givenFlags({ output_min_tokens, output_max_tokens }, args));
  if (limit !== undefined)
    throw new ConfigError(`--${flagName(limit)} is simulated only, bench asks for answers of the load's lengths`);
}

/** A folder that is written while the run goes on belongs to this process alone. */
async function whileAllLocked([place, ...others]: BenchRequest["places"], work: () => Promise<void>): Promise<void> {
  if (place === undefined) await work();
  else await whileLocked(place, () => whileAllLocked(others, work));
}

/** Flags that would do nothing with the backend. */
function rejectFlags(others: Shape, backend: "onnx" | "vllm", args: Args): void {
  const [given] = Object.keys(givenFlags(others, args));
  if (given === undefined) return;
  const owner = backend === "onnx" ? "vllm" : "onnx";
  throw new ConfigError(`--${flagName(given)} is a flag of --backend ${owner}, not of ${backend}`);
}
