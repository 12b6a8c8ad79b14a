/** servesim simulate: one policy on one profile under one load, in virtual time. */
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { replicate, unknownJitter, workOf, type ReplicateOptions } from "../jobs/replicate/index.js";
import { loadProfile, workloadOf } from "../jobs/inputs/index.js";
import {
  defaultJitter,
  policyNames,
  requireColdStart,
  requireFits,
  simulatedTimeline,
  simulateOutcome,
  withCapacity,
  type SimulatedRunInput,
} from "../sim/index.js";
import type { Command } from "./command.js";
import { deliverRun, deliveryFlags, requireOneForm, requireRoom } from "./deliver-run.js";
import { ConfigError, policyNameSchema, type Load, type Run, type Workload } from "../formats/index.js";
import { Interrupted } from "./fail.js";
import { parseFlags } from "./flags.js";
import { interruptible, turnOfTheLoop } from "./interrupt.js";
import { note } from "./output.js";
import { chartsFlags, requireChartPlaces } from "./run-charts.js";
import { keepResult, requireResultFiles } from "./result-file.js";
import { declareRunFlags, runRequest } from "./run-request.js";
import { searched } from "./searched.js";
import { requireTracePlaces, traceFlags } from "./run-trace.js";
import { rejectStepFlags, routingOf, stepFlags } from "./step-flags.js";

const ownFlags = {
  policy: policyNameSchema.describe(`scheduler: ${policyNames.join(", ")}`),
  profile: z.string().describe("profile of the machine to simulate: a name (servesim profiles list) or a file"),
  replications: z
    .int()
    .positive()
    .max(1000)
    .optional()
    .describe(
      "simulate this many times, for 90 % intervals; 1: once, without intervals; default: as many as they need, 12 to 50 (large loads 8)",
    ),
  workers: z
    .int()
    .positive()
    .max(1024)
    .optional()
    .describe(
      "threads for replications, or for the replicas of one run behind round-robin or random; default: one for each core where it pays; results do not depend on it",
    ),
  resample_load: z.boolean().default(false).describe("draw arrivals and lengths anew in every replication"),
  jitter: z
    .enum(["on", "off"])
    .optional()
    .describe("on: times vary as measured; off: every time is its mean; default: on if the profile says how they vary"),
  cold_start: z.boolean().default(false).describe("the first batch includes the profile's cold start"),
  ...stepFlags,
  ...traceFlags,
  ...chartsFlags,
  ...deliveryFlags,
};

/** Of so many quantiles a chart draws the inter-token latencies. */
const GAP_QUANTILES = 1000;
/** Requests from which a simulation may take seconds, so that it says what it does. */
const MANY_REQUESTS = 200_000;

export const simulateCommand: Command = {
  flags: (yargs) => declareRunFlags(yargs, ownFlags),
  run: async (args) => {
    const flags = parseFlags(ownFlags, args);
    requireOneForm(flags);
    requireRoom(flags);
    requireResultFiles(flags, 1, flags.force);
    requireTracePlaces(flags);
    requireChartPlaces(flags);
    const { plan, load, prompts, seed } = runRequest(flags.policy, args);
    if (plan.work === "batch") rejectStepFlags(plan.name, args);
    const profile = loadProfile(flags.profile);
    if (flags.cold_start) requireColdStart(profile);
    const workload = await workloadOf(load, prompts, seed);
    if (plan.work === "batch") requireFits(workload, profile.model.positions, profile.model.name);
    const { engine, replications, workers } = flags;
    const coldStart = flags.cold_start;
    const jitter = flags.jitter === undefined ? defaultJitter({ plan, profile }) : flags.jitter === "on";
    const input = { plan, profile, workload, load, seed, coldStart, jitter, engine, ...routingOf(flags) };
    const unknown = unknownJitter(input);
    if (flags.jitter === "on" && unknown !== undefined) throw new ConfigError(`--jitter on: ${unknown}; leave it out`);
    const resample = flags.resample_load ? await resampling(workload, load, { prompts, seed }) : undefined;
    noteLong(workload, replications);
    const run = await replicated(input, { replications, workers, resample });
    await deliverRun(run, flags);
    keepResult(run, flags, { date: new Date(), at: 0 });
    if (flags.trace !== undefined || flags.charts !== undefined) await pictured(flags, input, run);
  },
};

function replicated(input: SimulatedRunInput, options: ReplicateOptions): Promise<Run> {
  return searched("replications", async ({ signal, blocking, onProgress }) => {
    const several = (done: number, atMost: number): void => {
      if (atMost > 1) onProgress(done, atMost);
    };
    const replicated = await replicate(input, { ...options, capacity: true, signal, blocking, onProgress: several });
    return withCapacity(replicated.run, replicated.capacity!);
  });
}

interface Pictured {
  readonly trace?: string | undefined;
  readonly charts?: string | undefined;
  readonly png: boolean;
}

/** Simulates once more, step by step, what the records of the run are of: its first replication. */
function pictured({ trace, charts, png }: Pictured, input: SimulatedRunInput, run: Run): Promise<void> {
  return interruptible(async (signal, blocking) => {
    const { timeline, itlS } = await blocking(() => ({ timeline: simulatedTimeline(input), itlS: gapsOf(input) }));
    if (trace !== undefined) {
      const { writeTrace } = await import("./write-trace.js");
      await writeTrace(trace, timeline, run.info);
    }
    if (charts !== undefined) {
      const { writeRunCharts } = await import("./write-run-charts.js");
      const memoryBytes = input.profile.memory.total_bytes;
      await writeRunCharts(charts, { run, timeline, memoryBytes, itlS, png });
    }
    await turnOfTheLoop();
    if (signal.aborted)
      throw new Interrupted(`what was written is whole: ${[trace, charts].filter(Boolean).join(", ")}`);
  });
}

/** Inter-token latencies as evenly placed quantiles, s; undefined where none are known. */
function gapsOf(input: SimulatedRunInput): Float64Array | undefined {
  const { gaps } = simulateOutcome(input);
  if (gaps === undefined || gaps.gaps === 0) return undefined;
  const count = Math.min(GAP_QUANTILES, gaps.gaps);
  const shares = Array.from({ length: count }, (_, at) => (at + 0.5) / count);
  return Float64Array.from(gaps.quantilesMs(shares), (ms) => ms / 1e3);
}

/** Says before it begins that a simulation takes long, and how to make it shorter. */
function noteLong(workload: Workload, replications: number | undefined): void {
  const { requests } = workload;
  if (requests.length < MANY_REQUESTS) return;
  const times = replications ?? workOf(workload).most;
  const often = times === 1 ? "" : `, ${replications === undefined ? "up to " : ""}${times} times for intervals`;
  const once = often === "" ? "" : " (once: --replications 1)";
  note(`simulating ${requests.length} requests${often}${once}`);
}

/** How replications draw the load anew; ConfigError where a seed changes nothing of it. */
async function resampling(
  workload: Workload,
  load: Load,
  { prompts, seed }: { readonly prompts: string | undefined; readonly seed: string },
): Promise<(seed: string) => Promise<Workload>> {
  const draw = (own: string): Promise<Workload> => workloadOf(load, prompts, own);
  if (isDeepStrictEqual((await draw(`${seed}/1`)).requests, workload.requests)) {
    const why =
      load.workload === undefined ? "this load has nothing that is drawn" : "the trace gives times and lengths";
    throw new ConfigError(`--resample-load: ${why}, the requests are the same for every seed; leave it out`);
  }
  return draw;
}
