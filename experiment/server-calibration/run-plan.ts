/**
 * Sends a probe plan to a server, group by group, and keeps each group's run: indispensable probes, then the two loads, then
 * the other probes while the budget lasts. What is measured already (an interrupted calibration) is read, not sent again.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ProbeGroup } from "../../calibrate/vllm/probe-groups.js";
import type { ProbeLoad } from "../../calibrate/vllm/probe-loads.js";
import type { ProbePlan } from "../../calibrate/vllm/index.js";
import type { Run, WorkloadRequest } from "../../formats/index.js";
import { readRun, writeRun } from "../../formats/files/index.js";
import { realClock } from "../../real/index.js";
import { measureVllm, type BenchVllmInput } from "../../real/vllm/index.js";
import { measureWatched, writeServerView } from "../../real/vllm/server/index.js";

export type ProbeCommon = Omit<BenchVllmInput, "workload" | "load" | "probeOf">;

export interface RunPlanInput {
  readonly plan: ProbePlan;
  readonly common: ProbeCommon;
  readonly rawFolder: string;
  readonly budgetMs: number;
  readonly pauseMs: number;
  readonly signal: AbortSignal;
  /** In seconds of the plan. */
  readonly onProgress: (done: number, total: number, label: string) => void;
}

export interface PlanRuns {
  /** Of each probe group that was sent, in the plan's order. */
  readonly probes: readonly Run[];
  readonly mixed: Run;
  readonly heldOut: Run;
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
  for (const load of plan.loads) {
    loads.push(await step(load.expectedMs, `${load.name} load`, () => loadRun(load, input)));
    sentMs += load.expectedMs + input.pauseMs;
  }
  for (const { group, at } of numbered.filter(({ group: { tier } }) => tier > 1)) await send(group, at);
  input.onProgress(Math.ceil(plan.expectedMs / 1e3), Math.ceil(plan.expectedMs / 1e3), "done");
  return { probes, mixed: loads[0]!, heldOut: loads[1]!, skipped };
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
