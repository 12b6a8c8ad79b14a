/** servesim bench --backend onnx: a policy for real, on ONNX Runtime in this machine. */
import { ConfigError, type Run } from "../../../formats/index.js";
import { answerColumns, startRealEngine, workloadOf } from "../../../jobs/inputs/index.js";
import { ensureModel, modelForm, requireProvider, samplingSettings } from "../../../onnx/index.js";
import { describeLoad, loadTokenizer, policyNames, recordedTimeline, requireFits } from "../../../sim/index.js";
import { runRequest } from "../../flags/index.js";
import { keepPictures, keepResult } from "../../runs/index.js";
import type { BenchFlags, BenchRequest } from "./flags.js";
import { runRepeats } from "./repeats.js";

export async function benchOnOnnx(request: BenchRequest): Promise<void> {
  const { flags, args } = request;
  if (flags.policy === undefined) throw new ConfigError(`--backend onnx needs a --policy: ${policyNames.join(", ")}`);
  if (flags.save_detailed && flags.output === undefined) {
    throw new ConfigError("--save-detailed keeps answers in the run's folder, give --output too");
  }
  const { plan, load, prompts, seed } = runRequest(flags.policy, args);
  const sampling = samplingSettings(flags);
  const workload = await workloadOf(load, prompts, seed);
  // Before a large model is built for a device that is not there.
  await requireProvider(flags.device);
  const model = await ensureModel(flags.model, modelForm(flags));
  requireFits(workload, model.shape.positions, flags.model);
  const engine = await startRealEngine(plan, {
    model,
    device: flags.device,
    sampling,
    totalMib: flags.total_memory_mib,
  });
  try {
    const common = {
      ...{ workload, seed, load: describeLoad(load), tokenize: await loadTokenizer() },
      ...(flags.save_detailed ? { describeAnswer: await answerColumns(model.shape.vocab) } : {}),
    };
    await runRepeats(`running ${plan.name} for real`, { ...request, workload }, async (during) => {
      const run = await engine.measure({ ...common, ...during });
      const keepMore = async (at: number): Promise<void> => {
        keepResult(run, flags, { date: new Date(during.date), at });
        await keepBenchPictures(flags, run, at);
      };
      return { run, keepMore };
    });
  } finally {
    await engine.close();
  }
}

async function keepBenchPictures(flags: BenchFlags, run: Run, at: number): Promise<void> {
  const { trace, charts, total_memory_mib: totalMib } = flags;
  if (trace === undefined && charts === undefined) return;
  const { gpu_memory_bytes, memory_bytes } = run.info.hardware as Readonly<Record<string, number | undefined>>;
  const memoryBytes = totalMib === undefined ? (gpu_memory_bytes ?? memory_bytes) : totalMib * 2 ** 20;
  await keepPictures(flags, { run, timeline: recordedTimeline(run), memoryBytes }, at);
}
