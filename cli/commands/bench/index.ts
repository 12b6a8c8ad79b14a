/** servesim bench: one policy for real, on this machine or on a vLLM server, for the same requests that simulate takes. */
import { whileLocked } from "../../../formats/files/index.js";
import { batchPolicyNames, stepPolicyNames } from "../../../sim/index.js";
import type { Args, Command } from "../../command.js";
import {
  declareFlags,
  declareRunFlags,
  loadFlags,
  parseFlags,
  rejectGiven,
  samplingFlags,
  vllmFlags,
} from "../../flags/index.js";
import { repeatFolder, requireRunPlaces } from "../../runs/index.js";
import { allBenchFlags, modelFlag, onnxModelFlags, onnxOnlyFlags, ownBenchFlags, type BenchFlags } from "./flags.js";

export const command: Command = {
  flags: (yargs) => {
    const own = declareRunFlags(yargs, ownBenchFlags);
    const withModel = declareFlags(own, { model: modelFlag, ...onnxModelFlags }, "Model:");
    return declareFlags(declareFlags(withModel, samplingFlags, "Tokens:"), vllmFlags, "vLLM server:");
  },
  run: async (args) => {
    const flags = parseFlags(allBenchFlags, args);
    const { backend, output, num_runs: runs } = flags;
    const [others, owner] = backend === "onnx" ? [vllmFlags, "vllm"] : [onnxOnlyFlags, "onnx"];
    rejectGiven(others, args, (flag) => `${flag} is a flag of --backend ${owner}, not of ${backend}`);
    rejectSimulated(args, flags);
    requireRunPlaces(flags, runs);
    const places = Array.from({ length: runs }, (_, at) => (output === undefined ? output : repeatFolder(output, at)));
    const request = { flags, places, args };
    await whileAllLocked(places, async () => {
      if (backend === "onnx") await (await import("./onnx.js")).benchOnOnnx(request);
      else await (await import("./vllm.js")).benchOnVllm(request);
    });
  },
};

/** Answers that end by themselves are simulated only; clients give up only on a policy that schedules steps. */
function rejectSimulated(args: Args, { backend, policy = "vllm" }: BenchFlags): void {
  const { patience_ttft, patience_e2el, retries, output_min_tokens, output_max_tokens } = loadFlags;
  if (batchPolicyNames.some((name) => name === policy)) {
    const others = `${stepPolicyNames.join(", ")}${backend === "vllm" ? " (--backend onnx)" : ""}`;
    rejectGiven(
      { patience_ttft, patience_e2el, retries },
      args,
      (flag) =>
        `${flag}: a real run of ${policy} waits for every answer of a batch; simulate clients that give up, or take a ` +
        `policy that runs steps: ${others}`,
    );
  }
  rejectGiven(
    { output_min_tokens, output_max_tokens },
    args,
    (flag) => `${flag} is simulated only, bench asks for answers of the load's lengths`,
  );
}

/** A folder that is written while the run goes on belongs to this process alone. */
async function whileAllLocked(
  [place, ...others]: readonly (string | undefined)[],
  work: () => Promise<void>,
): Promise<void> {
  if (place === undefined) await work();
  else await whileLocked(place, () => whileAllLocked(others, work));
}
