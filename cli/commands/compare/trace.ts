/** `compare --trace`: the simulated run and the real ones in one trace, each from its own start on. */
import { readScheduledSteps } from "../../../formats/files/index.js";
import { ArtifactError, type Run } from "../../../formats/index.js";
import { scenarioOfRun } from "../../../jobs/explain/index.js";
import { inputOf } from "../../../jobs/scenario/index.js";
import { traceOfRuns, type TracedRun } from "../../../report/perfetto/index.js";
import { recordedTimeline, simulatedTimeline, type Timeline } from "../../../sim/index.js";
import { keepTrace } from "../../files/index.js";

export interface ReadRun {
  readonly folder: string;
  readonly run: Run;
}

export interface ComparedTrace {
  readonly sim: ReadRun;
  readonly reals: readonly ReadRun[];
  /** Of a simulated run of steps: its profile where it does not ship, and its prompts. */
  readonly profile: string | undefined;
  readonly prompts: string | undefined;
}

/** The timelines of both sides; ConfigError or ArtifactError where a folder does not tell what happened when. */
export async function comparedTimelines({ sim, reals, ...options }: ComparedTrace): Promise<TracedRun[]> {
  const runs: TracedRun[] = [{ name: "simulated", timeline: await simulated(sim, options) }];
  for (const [at, real] of reals.entries()) {
    runs.push({ name: at === 0 ? "real" : `real, repeat ${at + 1}`, timeline: await measured(real) });
  }
  return runs;
}

export async function writeComparedTrace(
  file: string,
  runs: readonly TracedRun[],
  { sim, reals }: ComparedTrace,
): Promise<void> {
  const { policy, model } = sim.run.info;
  const trace = traceOfRuns(runs, {
    policy,
    model: model.name,
    simulated: sim.folder,
    real: reals.map(({ folder }) => folder),
  });
  await keepTrace(file, trace);
}

/** What a simulation of steps did is not in its folder: it is simulated again, and its times must be the same. */
async function simulated(
  { folder, run }: ReadRun,
  { profile, prompts }: Pick<ComparedTrace, "profile" | "prompts">,
): Promise<Timeline> {
  if (run.batches.length > 0) return recordedTimeline(run);
  const { scenario } = await scenarioOfRun(folder, run, { profile, prompts, seed: run.info.seed ?? "1" });
  return simulatedTimeline(inputOf(scenario, { seed: scenario.seed, draw: null }));
}

async function measured({ folder, run }: ReadRun): Promise<Timeline> {
  if (run.batches.length > 0) return recordedTimeline(run);
  const steps = await readScheduledSteps(folder);
  if (steps !== undefined) return recordedTimeline({ ...run, steps });
  throw new ArtifactError(
    `--trace: ${folder} has no steps or batches, as a load against a vLLM server has none (its client does not see them); ` +
      "expected a run of bench --backend onnx, or of naive or dynamic",
  );
}
