/** servesim bench --backend onnx: a policy of steps (continuous batching) on ONNX Runtime in this machine. */
import { totalmem } from "node:os";
import { ConfigError } from "../formats/index.js";
import { answerColumns, workloadOf } from "../jobs/inputs/index.js";
import { describeMachine } from "../machine/index.js";
import { ensureModel, modelForm, samplingSettings, startStepExecutor } from "../onnx/index.js";
import { benchSteps, realStepSettings, requireSlotMemory } from "../real/index.js";
import { describeLoad, loadTokenizer, planPolicy, requireFits, type StepPlan, type StepPolicy } from "../sim/index.js";
import type { BenchRequest } from "./bench.js";
import { runRepeats } from "./bench-repeats.js";
import type { RunRequest } from "./run-request.js";

/** Requests at once by default: each takes a slot of max_model_len tokens, in the machine's memory. */
const MAX_NUM_SEQS = 32;

export async function benchStepsOnOnnx(
  request: BenchRequest,
  { plan, load, prompts, seed }: RunRequest & { readonly plan: StepPlan },
): Promise<void> {
  const { flags } = request;
  if (flags.device !== "cpu") {
    throw new ConfigError(
      `--device ${flags.device}: ${plan.name} runs for real on the CPU, choose --device cpu or simulate it`,
    );
  }
  const sampling = samplingSettings(flags);
  const workload = await workloadOf(load, prompts, seed);
  const model = await ensureModel(flags.model, modelForm(flags));
  requireFits(workload, model.shape.positions, flags.model);
  const policy = realPolicy(plan, {
    totalBytes: flags.total_memory_mib === undefined ? totalmem() : flags.total_memory_mib * 2 ** 20,
    baseBytes: process.memoryUsage.rss() + model.weightBytes,
    kvBytesPerToken: model.kvBytesPerToken,
    positions: model.shape.positions,
  });
  const { maxNumSeqs, maxModelLen } = policy.limits;
  requireSlotMemory(model, policy.limits);
  const executor = await startStepExecutor({ model, maxNumSeqs, maxModelLen, sampling });
  try {
    const common = {
      ...{ executor, model, workload, policyName: plan.name, policy, seed, sampling },
      tokenize: await loadTokenizer(),
      ...(flags.save_detailed ? { describeAnswer: await answerColumns(model.shape.vocab) } : {}),
      load: describeLoad(load),
      hardware: describeMachine(executor.ortVersion, undefined),
    };
    await runRepeats(plan.name, request, (during) => benchSteps({ ...common, ...during }));
  } finally {
    await executor.close();
  }
}

/** The policy as it can run here: settings that are not given become those that ONNX Runtime can do. */
function realPolicy({ name, settings }: StepPlan, machine: Parameters<StepPlan["create"]>[0]): StepPolicy {
  const wanted = { max_num_seqs: MAX_NUM_SEQS, ...settings };
  const given = name === "vllm" ? realStepSettings(wanted) : wanted;
  const plan = planPolicy(name, given, { source: "flags" });
  if (plan.work !== "step") throw new ConfigError(`policy "${name}" does not run steps`);
  return plan.create(machine);
}
