/** servesim bench --backend onnx: a policy for real, on ONNX Runtime in this machine. */
import { ensureModel, modelForm, requireProvider, samplingSettings } from "../onnx/index.js";
import { answerColumns, startRealEngine, workloadOf } from "../jobs/inputs/index.js";
import { ConfigError, type Run } from "../formats/index.js";
import { describeLoad, loadTokenizer, policyNames, recordedTimeline, requireFits } from "../sim/index.js";
import type { BenchRequest } from "./bench-flags.js";
import { runRepeats } from "./bench-repeats.js";
import { keepResult } from "./result-file.js";
import { runRequest } from "./run-request.js";
import { repeatFile, repeatFolder } from "./repeat-place.js";
import { writeRunCharts } from "./write-run-charts.js";
import { writeTrace } from "./write-trace.js";

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
      const keepMore = async (_: string | undefined, at: number): Promise<void> => {
        keepResult(run, flags, { date: new Date(during.date), at });
        await keepPictures(flags, run, at);
      };
      return { run, keepMore };
    });
  } finally {
    await engine.close();
  }
}

async function keepPictures(
  { trace, charts, png, total_memory_mib }: BenchRequest["flags"],
  run: Run,
  at: number,
): Promise<void> {
  if (trace === undefined && charts === undefined) return;
  const timeline = recordedTimeline(run);
  if (trace !== undefined) await writeTrace(repeatFile(trace, at), timeline, run.info);
  if (charts === undefined) return;
  const { gpu_memory_bytes, memory_bytes } = run.info.hardware as Readonly<Record<string, number | undefined>>;
  const memoryBytes = total_memory_mib === undefined ? (gpu_memory_bytes ?? memory_bytes) : total_memory_mib * 2 ** 20;
  await writeRunCharts(repeatFolder(charts, at), { run, timeline, memoryBytes, png });
}
