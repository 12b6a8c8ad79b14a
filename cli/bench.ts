/** servesim bench: one policy for real on this machine, the same requests that simulate would take. */
import { totalmem } from "node:os";
import { z } from "zod";
import { ensureModel, startOnnxExecutor } from "../backend/onnx/index.js";
import { describeMachine } from "../backend/machine.js";
import { requireFits, workloadOf } from "../experiment/index.js";
import { benchOnnx } from "../real/index.js";
import { describeLoad, loadTokenizer, policyNames } from "../sim/index.js";
import type { Command } from "./command.js";
import { deliverRun, deliveryFlags, requireRoom } from "./deliver-run.js";
import { parseFlags } from "./flags.js";
import { interruptible } from "./interrupt.js";
import { declareRunFlags, runRequest } from "./run-request.js";
import { startProgress } from "./progress.js";

const ownFlags = {
  policy: z.string().describe(`scheduler: ${policyNames.join(", ")}; onnx runs those of whole batches`),
  backend: z.enum(["onnx"]).default("onnx").describe("what runs the batches"),
  model: z.string().default("mini").describe("preset: tiny, mini, gpt2, gpt2-medium, gpt2-large, gpt2-xl"),
  device: z.enum(["cpu", "cuda"]).default("cpu").describe("where to run"),
  total_memory_mib: z.number().positive().optional().describe("memory that thresholds are a fraction of; absent: all"),
  ...deliveryFlags,
};

export const benchCommand: Command = {
  flags: (yargs) => declareRunFlags(yargs, ownFlags),
  run: async (args) => {
    const flags = parseFlags(ownFlags, args);
    requireRoom(flags);
    const { plan, load, prompts, seed } = runRequest(flags.policy, args);
    const workload = await workloadOf(load, prompts, seed);
    const model = await ensureModel(flags.model);
    requireFits(workload, model.shape.positions, flags.model);
    const executor = await startOnnxExecutor({ model, device: flags.device });
    const run = await interruptible(async (signal) => {
      const bar = startProgress(`running ${flags.policy} for real, requests`);
      try {
        return await benchOnnx({
          executor,
          workload,
          plan,
          tokenize: await loadTokenizer(),
          seed,
          totalBytes: flags.total_memory_mib === undefined ? totalmem() : flags.total_memory_mib * 2 ** 20,
          baseBytes: process.memoryUsage.rss(),
          load: describeLoad(load),
          hardware: describeMachine(executor.info.ortVersion),
          date: new Date().toISOString(),
          signal,
          onProgress: (ended, total) => {
            bar.update(ended, total);
          },
        });
      } finally {
        bar.stop();
        await executor.close();
      }
    });
    await deliverRun(run, flags);
  },
};
