/** servesim bench: one policy for real on this machine, the same requests that simulate would take. */
import { z } from "zod";
import { ensureModel, modelForm, samplingSettings, startOnnxExecutor } from "../backend/onnx/index.js";
import { describeMachine } from "../backend/machine.js";
import { answerColumns, requireFits, startMemory, workloadOf } from "../experiment/index.js";
import { ConfigError, type Run } from "../formats/index.js";
import { benchOnnx, requireBatches, type OnnxBenchInput } from "../real/index.js";
import { describeLoad, loadTokenizer, policyNames } from "../sim/index.js";
import type { Command } from "./command.js";
import { deliverRun, deliveryFlags, requireRoom } from "./deliver-run.js";
import { declareFlags, parseFlags } from "./flags.js";
import { interruptible } from "./interrupt.js";
import { modelFlags, samplingFlags } from "./model-flags.js";
import { declareRunFlags, runRequest } from "./run-request.js";
import { startProgress } from "./progress.js";

const ownFlags = {
  policy: z.string().describe(`scheduler: ${policyNames.join(", ")}; onnx runs those of whole batches`),
  backend: z.enum(["onnx"]).default("onnx").describe("what runs the batches"),
  num_runs: z.int().positive().max(100).default(1).describe("repeats; their spread is the noise of the machine"),
  total_memory_mib: z.number().positive().optional().describe("memory that thresholds are a fraction of; absent: all"),
  save_detailed: z.boolean().default(false).describe("keep each answer in requests.csv: text, or token ids"),
  ...deliveryFlags,
};

const allFlags = { ...ownFlags, ...modelFlags, ...samplingFlags };

export const benchCommand: Command = {
  flags: (yargs) =>
    declareFlags(declareFlags(declareRunFlags(yargs, ownFlags), modelFlags, "Model:"), samplingFlags, "Tokens:"),
  run: async (args) => {
    const flags = parseFlags(allFlags, args);
    const places = repeatFolders(flags.output, flags.num_runs);
    for (const output of places) requireRoom({ ...flags, output });
    if (flags.save_detailed && flags.output === undefined) {
      throw new ConfigError("--save-detailed keeps answers in the run's folder, give --output too");
    }
    const { plan, load, prompts, seed } = runRequest(flags.policy, args);
    requireBatches(plan);
    const sampling = samplingSettings(flags);
    const workload = await workloadOf(load, prompts, seed);
    const model = await ensureModel(flags.model, modelForm(flags));
    requireFits(workload, model.shape.positions, flags.model);
    const executor = await startOnnxExecutor({ model, device: flags.device, sampling: sampling !== undefined });
    try {
      const memory = await startMemory(executor, flags.total_memory_mib);
      const common = {
        executor,
        workload,
        plan,
        tokenize: await loadTokenizer(),
        seed,
        sampling,
        ...(flags.save_detailed ? { describeAnswer: await answerColumns(model.shape.vocab) } : {}),
        ...memory,
        load: describeLoad(load),
        hardware: describeMachine(executor.info.ortVersion, memory.gpu),
      };
      try {
        for (const [at, output] of places.entries()) {
          const run = await benchOnce(common, `running ${flags.policy} for real${of(at, places.length)}, requests`);
          await deliverRun(run, { ...flags, output });
        }
      } finally {
        memory.stop();
      }
    } finally {
      await executor.close();
    }
  },
};

async function benchOnce(common: Omit<OnnxBenchInput, "date" | "signal" | "onProgress">, title: string): Promise<Run> {
  return interruptible(async (signal) => {
    const bar = startProgress(title);
    try {
      const onProgress = (ended: number, total: number): void => {
        bar.update(ended, total);
      };
      return await benchOnnx({ ...common, date: new Date().toISOString(), signal, onProgress });
    } finally {
      bar.stop();
    }
  });
}

/** The folder of each repeat: `out`, `out-r2`, `out-r3`, as an experiment names them. */
function repeatFolders(output: string | undefined, repeats: number): (string | undefined)[] {
  return Array.from({ length: repeats }, (_, at) =>
    output === undefined || at === 0 ? output : `${output.replace(/\/+$/, "")}-r${at + 1}`,
  );
}

function of(at: number, repeats: number): string {
  return repeats === 1 ? "" : ` (${at + 1} of ${repeats})`;
}
