/**
 * Sends a probe plan to a server, group by group, and keeps each group's run: indispensable probes, then the loads, then the
 * other probes while the budget lasts. The load near capacity is planned from what the probes before it showed. What is measured
 * already (an interrupted calibration) is read, not sent again.
 */
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type ProbeGroup,
  learntPace,
  probeLoads,
  type ProbeLoad,
  type ProbedServer,
  type Pace,
  type ProbePlan,
} from "../../calibrate/vllm/index.js";
import { BackendError, type Run, type WorkloadRequest } from "../../formats/index.js";
import { readRun, writeRun } from "../../formats/files/index.js";
import { realClock } from "../../real/index.js";
import { measureVllm, measureWatched, type BenchVllmInput } from "../../real/vllm/index.js";
import { writeServerView } from "../../real/vllm/server/index.js";

export type ProbeCommon = Omit<BenchVllmInput, "workload" | "load" | "probeOf">;

export interface RunPlanInput {
  readonly plan: ProbePlan;
  readonly server: ProbedServer;
  /** What the plan was made with. */
  readonly pace: Pace;
  readonly common: ProbeCommon;
  readonly rawFolder: string;
  readonly budgetMs: number;
  readonly pauseMs: number;
  /** Keep a load that was disturbed twice, with a note, instead of ending the calibration. */
  readonly acceptDisturbed: boolean;
  readonly signal: AbortSignal;
  /** In seconds of the plan. */
  readonly onProgress: (done: number, total: number, label: string) => void;
}

export interface PlanRuns {
  /** Of each probe group that was sent, in the plan's order. */
  readonly probes: readonly Run[];
  readonly mixed: Run;
  readonly heldOut: Run;
  /** Near what the server can do, kept out of the fit like the one before. */
  readonly busy: Run;
  /** How the load near capacity was planned, and what was measured twice. */
  readonly notes: readonly string[];
  /** Groups left out because the server was slower than planned. */
  readonly skipped: readonly string[];
}

export async function runPlan(input: RunPlanInput): Promise<PlanRuns> {
  const { plan, budgetMs } = input;
  const startNs = realClock.nowNs();
  const elapsedMs = (): number => (realClock.nowNs() - startNs) / 1e6;
  const probes: Run[] = [];
  const skipped: string[] = [];
  let doneMs = 0;
  let sentMs = 0;
  const step = async <T>(expectedMs: number, label: string, work: () => Promise<T>): Promise<T> => {
    input.signal.throwIfAborted();
    input.onProgress(Math.round(doneMs / 1e3), Math.ceil(plan.expectedMs / 1e3), label);
    const result = await work();
    doneMs += expectedMs + input.pauseMs;
    return result;
  };
  const send = async (group: ProbeGroup, at: number): Promise<void> => {
    // Slower than planned: what comes later will be, too.
    const slowdown = sentMs === 0 ? 1 : Math.max(1, elapsedMs() / sentMs);
    if (group.tier > 1 && elapsedMs() + slowdown * group.expectedMs > budgetMs) {
      skipped.push(group.name);
      return;
    }
    probes.push(await step(group.expectedMs, group.name, () => groupRun(group, at, input)));
    sentMs += group.expectedMs + input.pauseMs;
  };
  const numbered = plan.groups.map((group, at) => ({ group, at }));
  for (const { group, at } of numbered.filter(({ group: { tier } }) => tier === 1)) await send(group, at);
  const loads: Run[] = [];
  const notes: string[] = [];
  for (const planned of plan.loads) {
    const load = planned.name === "held-out-busy" ? busyLoad(probes, loads, input) : planned;
    if (load !== planned) notes.push(busyNote(load));
    loads.push(await step(load.expectedMs, `${load.name} load`, () => validLoadRun(load, input, notes)));
    sentMs += load.expectedMs + input.pauseMs;
  }
  for (const { group, at } of numbered.filter(({ group: { tier } }) => tier > 1)) await send(group, at);
  input.onProgress(Math.ceil(plan.expectedMs / 1e3), Math.ceil(plan.expectedMs / 1e3), "done");
  return { probes, mixed: loads[0]!, heldOut: loads[1]!, busy: loads[2]!, notes, skipped };
}

/** The load near capacity, planned with what the indispensable probes and the lighter loads showed of the server. */
function busyLoad(probes: readonly Run[], loads: readonly Run[], { plan, server, pace }: RunPlanInput): ProbeLoad {
  const sent = probes.flatMap(({ requests }) => requests);
  const learnt = learntPace(
    sent,
    loads.map(({ requests }) => requests),
    pace,
  );
  return probeLoads(server, learnt, plan.loadBudget).find(({ name }) => name === "held-out-busy")!;
}

function busyNote({ ratePerS, utilisation, requests }: ProbeLoad): string {
  return (
    `held-out-busy: ${requests.length} requests at ${ratePerS.toPrecision(3)}/s, ${(100 * utilisation).toFixed(0)} % of what ladders ` +
    "and the lighter loads say that the server can do of such lengths"
  );
}

/** Where the runs of groups are while a calibration goes on. */
export function groupsFolder(rawFolder: string): string {
  return join(rawFolder, "groups");
}

async function groupRun(
  group: ProbeGroup,
  at: number,
  { common, rawFolder, pauseMs, signal }: RunPlanInput,
): Promise<Run> {
  const folder = join(groupsFolder(rawFolder), String(at).padStart(3, "0"));
  if (existsSync(join(folder, "run.json"))) return readRun(folder);
  const requests = group.requests.map(({ promptTokens, outputTokens, offsetMs }, i): WorkloadRequest => {
    const id = `${at}-${i}`;
    return { id, promptTokens, outputTokens, ...(group.isOneByOne ? {} : { arrivalNs: Math.round(offsetMs * 1e6) }) };
  });
  // Arrivals in order: the client takes requests as they come in the list.
  const order = requests
    .map((_, i) => i)
    .sort((a, b) => (requests[a]!.arrivalNs ?? 0) - (requests[b]!.arrivalNs ?? 0) || a - b);
  const { run } = await measureVllm({
    ...common,
    workload: { requests: order.map((i) => requests[i]!), maxConcurrency: group.isOneByOne ? 1 : Infinity, thinkNs: 0 },
    load: { kind: "probes" },
    probeOf: (_, index) => group.requests[order[index]!]!.label,
    percentiles: [],
    signal,
  });
  await writeRun(folder, run);
  await sleep(pauseMs);
  return run;
}

/**
 * A run that was disturbed (a client that lagged, someone else's requests) is measured once more; BackendError when that is
 * disturbed, too: neither a fit nor a score may rest on it.
 */
async function validLoadRun(load: ProbeLoad, input: RunPlanInput, notes: string[]): Promise<Run> {
  const wasThere = existsSync(join(input.rawFolder, load.name, "run.json"));
  const first = await loadRun(load, input);
  if (first.info.valid?.ok !== false) return first;
  if (wasThere && input.acceptDisturbed) {
    notes.push(`${load.name} was disturbed, and is used anyway: ${first.info.valid.reasons.join("; ")}`);
    return first;
  }
  notes.push(`${load.name} was measured again: ${first.info.valid.reasons.join("; ")}`);
  input.signal.throwIfAborted();
  rmSync(join(input.rawFolder, load.name), { recursive: true, force: true });
  const again = await loadRun(load, input);
  if (again.info.valid?.ok !== false) return again;
  if (input.acceptDisturbed) {
    notes.push(`${load.name} was disturbed again, and is used anyway: ${again.info.valid.reasons.join("; ")}`);
    return again;
  }
  throw new BackendError(
    `the ${load.name} load was disturbed twice: ${again.info.valid.reasons.join("; ")}; calibrate from a machine with nothing ` +
      "else to do, on a server that nobody else uses; measurements are kept: continue with --resume, and if need be --accept-disturbed",
  );
}

async function loadRun(load: ProbeLoad, { common, rawFolder, pauseMs, signal }: RunPlanInput): Promise<Run> {
  const folder = join(rawFolder, load.name);
  if (existsSync(join(folder, "run.json"))) return readRun(folder);
  const requests = load.requests.map(({ promptTokens, outputTokens, arrivalMs }, i) => ({
    id: `${load.name}-${i}`,
    promptTokens,
    outputTokens,
    arrivalNs: Math.round(arrivalMs * 1e6),
  }));
  const { measurement, view } = await measureWatched(
    {
      ...common,
      workload: { requests, maxConcurrency: Infinity, thinkNs: 0 },
      load: { kind: "open_loop", request_rate: Number(load.ratePerS.toPrecision(6)) },
      percentiles: [50],
      signal,
    },
    { everyMs: 0 },
  );
  await writeRun(folder, measurement.run);
  if (view !== undefined) await writeServerView(folder, view);
  await sleep(pauseMs);
  return measurement.run;
}
