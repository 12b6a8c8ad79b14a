/**
 * Runs the cells of an experiment for real: repeat after repeat over all cells, so that a drift of the machine spreads
 * over the cells. Each run is predicted first: reference batches or steps show the pace of the machine, the cell is
 * simulated at that pace, and only then it is run. Finished runs are kept, Ctrl-C loses only the one under way.
 */
import { WORTH_TELLING_CORES } from "../../../machine/index.js";
import {
  ConfigError,
  greatest,
  type CalibrationPlan,
  type Profile,
  type Run,
  type VllmServer,
} from "../../../formats/index.js";
import { describeLoad, loadTokenizer } from "../../../sim/index.js";
import { startCellEngines, type CellEngines } from "./cell-engines.js";
import type { ExperimentFolder } from "../folder.js";
import { makeRuns, type RealTask } from "./make-runs.js";
import { canReuse } from "../reuse-run.js";
import { describePace, paceAbout, type Pace } from "../pace.js";
import { fingerprint, waitUntilQuiet, type QuietOptions, type Reporter } from "../../inputs/index.js";
import { predictedRun, RecentPace } from "../predicted-run.js";
import type { Blocking } from "../../threads/index.js";
import type { CellWorkload } from "../cells.js";
import { simulateAtPace } from "../simulate-cells.js";

export interface MeasureCellsInput {
  /** Cells that can be run: on a server, or on this machine. */
  readonly workloads: readonly CellWorkload[];
  readonly repeats: number;
  readonly profile: Profile;
  /** What the experiment says of the model beyond the profile's name: checkpoint, sampling. */
  readonly calibrate?: CalibrationPlan | undefined;
  /** The server that they run on; absent: this machine. */
  readonly vllm?: VllmServer | undefined;
  readonly seed: string;
  /** Whether simulated times vary. */
  readonly jitter: boolean | undefined;
  readonly folder: ExperimentFolder;
  readonly force: boolean;
  readonly signal: AbortSignal;
  /** Runs work that blocks this thread, and with it the handling of signals. */
  readonly blocking?: Blocking | undefined;
  readonly reporter: Reporter;
  readonly quiet?: QuietOptions | undefined;
}

/** The runs still to make; ConfigError when one is there and made from other inputs. Writes nothing. */
export async function realTasks(
  input: Omit<MeasureCellsInput, "signal" | "blocking" | "reporter" | "quiet">,
): Promise<RealTask[]> {
  const { workloads, repeats, profile, seed, folder, force, vllm } = input;
  const tasks: RealTask[] = [];
  for (let repeat = 1; repeat <= repeats; repeat++) {
    for (const { cell, workload } of workloads) {
      const { plan, load } = cell;
      const memory = profile.memory.total_bytes;
      const model = profile.model.name;
      const on = vllm === undefined ? { memory, model } : { vllm };
      const inputs = fingerprint({ policy: plan.name, settings: plan.settings, load, workload, seed, ...on });
      const place = { path: folder.real(cell.name, repeat), inputs, force };
      if (!(await canReuse(place))) tasks.push({ cell, workload, place, repeat });
    }
  }
  if (tasks.length > 0 && vllm === undefined) deviceOf(profile);
  return tasks;
}

export async function measureCells(tasks: readonly RealTask[], input: MeasureCellsInput): Promise<void> {
  if (tasks.length === 0) return;
  const engines = await startCellEngines(tasks, input, deviceOf(input.profile));
  try {
    await runTasks(tasks, engines, input);
  } finally {
    await engines.close();
  }
}

/** Where the profile's engine runs; ConfigError for an engine that servesim does not run batches on. */
function deviceOf({ name, engine }: Profile): "cpu" | "cuda" {
  if (engine.name === "onnxruntime-cpu") return "cpu";
  if (engine.name === "onnxruntime-cuda") return "cuda";
  throw new ConfigError(
    `profile "${name}" was measured on ${engine.name}, which servesim cannot run here; set num_runs: 0 to simulate ` +
      "only, or give the server to measure on as vllm: { base_url: ... }",
  );
}

async function runTasks(tasks: readonly RealTask[], engines: CellEngines, input: MeasureCellsInput): Promise<void> {
  const { seed, signal, reporter, folder } = input;
  const tokenize = await loadTokenizer();
  const busy: number[] = [];
  const found: Pace[] = [];
  const paces = new RecentPace(() => Number(process.hrtime.bigint()));
  await makeRuns(tasks, { title: "running for real, requests", reporter }, async (task, watched) => {
    const { cell, workload, repeat } = task;
    const { measurePace, measure } = engines.of(cell.plan.work);
    const predict = (pace: number): Promise<void> =>
      simulateAtPace(task, input, { path: folder.simAtPace(cell.name, repeat), pace });
    const make = (): Promise<Run> => {
      const [load, date] = [describeLoad(cell.load), new Date().toISOString()];
      return watched((onProgress) => measure(cell.plan, { workload, tokenize, seed, signal, load, date, onProgress }));
    };
    const run = await undisturbed(input, () => predictedRun({ measurePace, paces, predict, make }));
    const others = othersBeside(run);
    if (others > WORTH_TELLING_CORES) busy.push(others);
    const pace = paceAbout(run);
    if (pace !== undefined) found.push(pace);
    return run;
  });
  for (const line of describePace(found)) reporter.warn(line);
  if (busy.length === 0) return;
  reporter.warn(
    `other processes were at work during ${busy.length} of ${tasks.length} real runs, on up to ` +
      `${greatest(busy).toFixed(1)} cores: those measurements are slower than this machine is, and agree less`,
  );
}

/** Repeats a run that other processes disturbed, as often as is allowed; the last one stays, disturbed or not. */
async function undisturbed({ quiet, signal, reporter }: MeasureCellsInput, make: () => Promise<Run>): Promise<Run> {
  for (let attempt = 1; ; attempt++) {
    await waitUntilQuiet({ waitS: quiet?.waitS ?? 0, signal, reporter });
    const run = await make();
    const reasons = disturbances(run);
    if (reasons.length === 0 || attempt >= (quiet?.attempts ?? 1)) return run;
    reporter.note(`repeated, since ${reasons.join("; ")}`);
  }
}

/** Stricter than what makes a run invalid: agreement within a few percent is asked of it. */
function disturbances(run: Run): string[] {
  const others = othersBeside(run);
  const busy = others > WORTH_TELLING_CORES ? [`other processes used ${others.toFixed(2)} cores at the same time`] : [];
  return [...(run.info.valid?.reasons ?? []), ...busy];
}

/** Cores. */
function othersBeside({ info }: Run): number {
  return typeof info.other_cores === "number" ? info.other_cores : 0;
}
