/** Runs one case in this process and measures it: seconds of the simulation with all its metrics, peak memory. */
import { performance } from "node:perf_hooks";
import { InvariantError, loadSchema, type Profile, type Workload } from "../../formats/index.js";
import type { EngineName } from "../../sim/index.js";
import { buildCase, type BenchCase, type BenchMode, type CaseName } from "./cases.js";
import { peakRssMib } from "./peak-rss.js";
import { benchProfile, timedRun, type TimedRun } from "./simulate-bench.js";

/** Requests of the runs before the clock starts, and how long they go on: by then the code is compiled. */
const WARM_UP_REQUESTS = 20_000;
const WARM_UP_MS = 1500;

export interface CaseRequest {
  readonly name: CaseName;
  readonly engine: EngineName;
  readonly mode: BenchMode;
  /** Instead of the mode's own profile. */
  readonly profilePath?: string | undefined;
  /** Fewer than the case has, for a quick look. */
  readonly requests?: number | undefined;
  /** Without runs before the clock starts. */
  readonly cold: boolean;
}

/** What `--json` prints. */
export interface CaseFigures {
  readonly case: CaseName;
  readonly mode: BenchMode;
  readonly requests: number;
  readonly outputTokens: number;
  readonly seconds: number;
  readonly requestsPerS: number;
  /** Of the engine, jumped over or not. */
  readonly steps: number;
  readonly peakRssMib: number;
  readonly engine: EngineName;
}

/** What `--json --details` prints: also what was simulated, to see that two runs did the same work. */
export interface DetailedFigures extends CaseFigures {
  readonly note: string;
  readonly completed: number;
  readonly inputTokens: number;
  /** Steps that went through the scheduler one by one, and those that a jump stood for. */
  readonly scheduledSteps: number;
  readonly jumpedSteps: number;
  /** Steps with drawn times that were taken in runs of decodes. */
  readonly runSteps: number;
  readonly preemptions: number;
  /** Simulated: first arrival to last token, s; means over requests, ms. */
  readonly makespanS: number | null;
  readonly meanTtftMs: number | null;
  readonly meanTpotMs: number | null;
  readonly meanE2elMs: number | null;
}

interface PreparedCase {
  readonly bench: BenchCase;
  readonly run: () => TimedRun;
}

/** A case ready to run, as often as wanted: the profile is read, the workload built, the code warmed up. */
export async function preparedCase(request: CaseRequest): Promise<PreparedCase> {
  const { name, engine, requests, mode } = request;
  const profile = benchProfile(mode, request.profilePath);
  const bench = await buildCase(name, {
    mode,
    requests,
    capacityPerS: (settings, workload) => capacityPerS(settings, workload, profile),
  });
  if (!request.cold) warmUp(bench, profile, engine);
  return { bench, run: () => timedRun(bench, profile, engine, name) };
}

export async function runCase(request: CaseRequest): Promise<DetailedFigures> {
  const { name, engine, mode } = request;
  const { bench, run } = await preparedCase(request);
  const { seconds, info } = run();
  const { engine_steps: steps, preemptions, summary } = info;
  const { length } = bench.workload.requests;
  return {
    case: name,
    mode,
    requests: length,
    outputTokens: summary.total_output_tokens,
    seconds,
    requestsPerS: length / seconds,
    steps: steps.scheduled + steps.jumped,
    peakRssMib: peakRssMib(),
    engine,
    note: bench.note,
    completed: summary.completed,
    inputTokens: summary.total_input_tokens,
    scheduledSteps: steps.scheduled,
    jumpedSteps: steps.jumped,
    runSteps: steps.in_runs,
    preemptions,
    makespanS: summary.duration,
    meanTtftMs: summary.mean_ttft_ms,
    meanTpotMs: summary.mean_tpot_ms,
    meanE2elMs: summary.mean_e2el_ms,
  };
}

function warmUp(bench: BenchCase, profile: Profile, engine: EngineName): void {
  const { workload } = bench;
  const requests = workload.requests.slice(0, WARM_UP_REQUESTS);
  const untilMs = performance.now() + WARM_UP_MS;
  while (performance.now() < untilMs) {
    timedRun({ ...bench, workload: { ...workload, requests } }, profile, engine, "warm-up");
  }
}

/** What a saturating workload completes a second: a run of its own, part of the start-up. */
function capacityPerS(settings: BenchCase["settings"], workload: Workload, profile: Profile): number {
  const { info } = timedRun({ settings, workload, load: loadSchema.parse({}) }, profile, "fast", "capacity run");
  const { request_throughput: perS } = info.summary;
  if (perS === null) throw new InvariantError("capacity run: no request completed, expected all of them");
  return perS;
}
