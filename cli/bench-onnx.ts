/** servesim bench --backend onnx: a policy of whole batches on ONNX Runtime in this machine. */
import { ensureModel, modelForm, requireProvider, samplingSettings, startOnnxExecutor } from "../onnx/index.js";
import { describeMachine } from "../machine/index.js";
import { answerColumns, workloadOf, startMemory } from "../jobs/inputs/index.js";
import { ConfigError, type Run } from "../formats/index.js";
import { benchOnnx, requireBatches } from "../real/index.js";
import { describeLoad, loadTokenizer, requireFits } from "../sim/index.js";
import type { BenchRequest } from "./bench.js";
import { deliverRun } from "./deliver-run.js";
import { realRun } from "./real-run.js";
import { requireAnswers } from "./require-answers.js";
import { runRequest } from "./run-request.js";

export async function benchOnOnnx({ flags, places, args }: BenchRequest): Promise<void> {
  if (flags.policy === undefined) throw new ConfigError("--backend onnx needs a --policy: naive or dynamic");
  if (flags.save_detailed && flags.output === undefined) {
    throw new ConfigError("--save-detailed keeps answers in the run's folder, give --output too");
  }
  const { plan, load, prompts, seed } = runRequest(flags.policy, args);
  requireBatches(plan);
  const sampling = samplingSettings(flags);
  const workload = await workloadOf(load, prompts, seed);
  // Before a large model is built for a device that is not there.
  await requireProvider(flags.device);
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
    const runs: Run[] = [];
    try {
      for (const [at, output] of places.entries()) {
        const title = `running ${flags.policy} for real${of(at, places.length)}, requests`;
        const run = await realRun(title, { ...flags, output }, (during) =>
          benchOnnx({ ...common, ...during, date: new Date().toISOString() }),
        );
        await deliverRun(run, { ...flags, output }, { isKept: true });
        runs.push(run);
      }
      requireAnswers(runs);
    } finally {
      memory.stop();
    }
  } finally {
    await executor.close();
  }
}

function of(at: number, repeats: number): string {
  return repeats === 1 ? "" : ` (${at + 1} of ${repeats})`;
}
