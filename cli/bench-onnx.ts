/** servesim bench --backend onnx: a policy of whole batches on ONNX Runtime in this machine. */
import { ensureModel, modelForm, requireProvider, samplingSettings, startOnnxExecutor } from "../onnx/index.js";
import { describeMachine } from "../machine/index.js";
import { answerColumns, workloadOf, startMemory } from "../jobs/inputs/index.js";
import { ConfigError } from "../formats/index.js";
import { benchOnnx } from "../real/index.js";
import { describeLoad, loadTokenizer, requireFits } from "../sim/index.js";
import type { BenchRequest } from "./bench.js";
import { benchStepsOnOnnx } from "./bench-onnx-steps.js";
import { runRepeats } from "./bench-repeats.js";
import { runRequest } from "./run-request.js";

export async function benchOnOnnx(request: BenchRequest): Promise<void> {
  const { flags, args } = request;
  if (flags.policy === undefined)
    throw new ConfigError("--backend onnx needs a --policy: naive, dynamic, vllm or orca");
  if (flags.save_detailed && flags.output === undefined) {
    throw new ConfigError("--save-detailed keeps answers in the run's folder, give --output too");
  }
  const { plan, load, prompts, seed } = runRequest(flags.policy, args);
  if (plan.work === "step") {
    await benchStepsOnOnnx(request, { plan, load, prompts, seed });
    return;
  }
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
    try {
      await runRepeats(plan.name, request, (during) => benchOnnx({ ...common, ...during }));
    } finally {
      memory.stop();
    }
  } finally {
    await executor.close();
  }
}
