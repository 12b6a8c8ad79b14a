/**
 * Simulates the cells of an experiment, at the pace of the calibration and at that measured before a real run; what is
 * there and made from the same inputs is kept.
 */
import { withInfo, defined, type Profile, type Run } from "../../formats/index.js";
import {
  columnsIn,
  defaultJitter,
  planPolicy,
  simulateRun,
  summarise,
  withCapacity,
  type SimulatedRunInput,
} from "../../sim/index.js";
import type { CellWorkload } from "./cells.js";
import type { ExperimentFolder } from "./folder.js";
import { canReuse, wasMadeFrom, writeReusable, type RunPlace } from "./reuse-run.js";
import { atPace } from "./pace.js";
import { replicate } from "../replicate/index.js";
import { asUsual, type Blocking } from "../threads/index.js";
import { fingerprint, type Reporter } from "../inputs/index.js";

export interface SimulateCellsInput {
  readonly workloads: readonly CellWorkload[];
  readonly profile: Profile;
  readonly seed: string;
  readonly jitter: boolean | undefined;
  readonly folder: ExperimentFolder;
  readonly force: boolean;
}

export interface SimTask extends CellWorkload {
  readonly place: RunPlace;
}

/** The cells still to simulate; ConfigError when a cell is there and made from other inputs. Writes nothing. */
export async function simTasks({
  workloads,
  profile,
  seed,
  jitter,
  folder,
  force,
}: SimulateCellsInput): Promise<SimTask[]> {
  const tasks: SimTask[] = [];
  for (const { cell, workload } of workloads) {
    const inputs = inputsOf({ cell, workload }, { profile, seed, jitter });
    const place = { path: folder.sim(cell.name), inputs, force };
    if (!(await canReuse(place))) tasks.push({ cell, workload, place });
  }
  return tasks;
}

/** Each cell often enough for its intervals. */
export async function simulateCells(
  tasks: readonly SimTask[],
  { reporter, ...options }: SimulateOptions & { readonly reporter: Reporter },
): Promise<void> {
  const progress = reporter.progress("simulating, cells");
  try {
    for (const [done, { place, ...work }] of tasks.entries()) {
      progress.update(done, tasks.length, work.cell.name);
      await writeReusable(place, await simulateCell(work, options));
    }
  } finally {
    progress.stop();
  }
}

export type SimulateOptions = Pick<SimulateCellsInput, "profile" | "seed" | "jitter"> & {
  readonly signal: AbortSignal;
  /** Runs work that blocks this thread, and with it the handling of signals. */
  readonly blocking?: Blocking | undefined;
};

/**
 * Simulates a cell at that pace of the machine into `path`, unless it is there. What is there at another pace belongs
 * to a real run that was not finished, and is replaced.
 */
export async function simulateAtPace(
  work: CellWorkload,
  { profile, ...options }: SimulateOptions,
  { path, pace }: { readonly path: string; readonly pace: number },
): Promise<void> {
  const inputs = inputsOf(work, { profile, ...options }, pace);
  if (await wasMadeFrom(path, inputs)) return;
  const run = await simulateCell(work, { profile: atPace(profile, pace), ...options });
  await writeReusable({ path, inputs, force: true }, withInfo(run, { ...run.info, simulated_at_pace: pace }));
}

/** Fingerprint of what a simulation is made from; `pace` absent: that of the calibration. */
function inputsOf(
  { cell, workload }: CellWorkload,
  { profile, seed, jitter }: Pick<SimulateOptions, "profile" | "seed" | "jitter">,
  pace?: number,
): string {
  const { plan, load, coldStart } = cell;
  return fingerprint({
    policy: plan.name,
    settings: plan.settings,
    profile,
    load,
    workload,
    seed,
    coldStart,
    ...defined({ jitter, pace }),
    hasIntervals: true,
  });
}

async function simulateCell(
  { cell, workload }: CellWorkload,
  { profile, seed, signal, blocking = asUsual, ...given }: SimulateOptions,
): Promise<Run> {
  const { plan, load, coldStart } = cell;
  const jitter = given.jitter ?? defaultJitter({ plan, profile });
  const input = { plan, profile, workload, load, seed, coldStart, jitter };
  const { run, capacity } = await replicate(input, { capacity: true, signal, blocking });
  return blocking(() => withCapacity(withSlaNote(input, run), capacity!));
}

/** Dynamic's two SLA rules are both simulated, and the run says so when they differ. */
function withSlaNote(input: SimulatedRunInput, run: Run): Run {
  const { name, settings } = input.plan;
  if (name !== "dynamic") return run;
  const sla = settings.sla === "deadline" ? "reference" : "deadline";
  const other = simulateRun({ ...input, plan: planPolicy(name, { ...settings, sla }, { source: "dynamic" }) });
  const [ends, otherEnds] = [run, other].map((of) => columnsIn(of).lastTokenNs);
  if (ends!.every((ns, row) => Object.is(ns, otherEnds![row]))) return run;
  const [own, others] = [run, other].map((of) => `${(summarise(columnsIn(of)).mean_e2el_ms ?? 0).toFixed(1)} ms`);
  const note = `sla "${String(settings.sla)}" and "${sla}" differ under this load: mean latency ${own!} and ${others!}`;
  return withInfo(run, { ...run.info, notes: [...(run.info.notes ?? []), note] });
}
