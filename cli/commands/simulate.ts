/** servesim simulate: one policy on one profile under one load, in virtual time. */
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { ConfigError, policyNameSchema, type Load, type Run, type Workload } from "../../formats/index.js";
import { workloadOf } from "../../jobs/inputs/index.js";
import { replicate, workOf, type ReplicateOptions } from "../../jobs/replicate/index.js";
import {
  policyNames,
  requireColdStart,
  requireFits,
  simulatedTimeline,
  simulateOutcome,
  withCapacity,
  type SimulatedRunInput,
} from "../../sim/index.js";
import type { Command } from "../command.js";
import {
  count,
  declareRunFlags,
  jitterFlag,
  parseFlags,
  requireJitter,
  simulationFromFlags,
  stepFlags,
  toggle,
  type Flags,
} from "../flags/index.js";
import { note } from "../printing/index.js";
import { Interrupted, interruptible, searched, turnOfTheLoop } from "../process/index.js";
import { deliverRun, deliveryFlags, keepPictures, keepResult, pictureFlags, requireRunPlaces } from "../runs/index.js";

const ownFlags = {
  policy: policyNameSchema.describe(`scheduler: ${policyNames.join(", ")}`),
  profile: z.string().describe("profile of the machine to simulate: a name (servesim profiles list) or a file"),
  replications: count(1000)
    .optional()
    .describe(
      "simulate this many times, for 90 % intervals; 1: once, without intervals; default: as many as they need, 12 to 50 (large loads 8)",
    ),
  workers: count(1024)
    .optional()
    .describe(
      "threads for replications, or for the replicas of one run behind round-robin or random; default: one for each core where it pays; results do not depend on it",
    ),
  resample_load: toggle.describe("draw arrivals and lengths anew in every replication"),
  jitter: jitterFlag,
  cold_start: toggle.describe("the first batch includes the profile's cold start"),
  ...stepFlags,
  ...pictureFlags,
  ...deliveryFlags,
};

/** Of so many quantiles a chart draws the inter-token latencies. */
const GAP_QUANTILES = 1000;
/** Requests from which a simulation may take seconds, so that it says what it does. */
const MANY_REQUESTS = 200_000;

export const command: Command = {
  flags: (yargs) => declareRunFlags(yargs, ownFlags),
  run: async (args) => {
    const flags = parseFlags(ownFlags, args);
    requireRunPlaces(flags);
    const { prompts, ...simulated } = simulationFromFlags(flags, args);
    const { plan, profile, load, seed } = simulated;
    if (flags.cold_start) requireColdStart(profile);
    const workload = await workloadOf(load, prompts, seed);
    if (plan.work === "batch") requireFits(workload, profile.model.positions, profile.model.name);
    const input = { ...simulated, workload, coldStart: flags.cold_start };
    requireJitter(flags.jitter, input);
    const { replications, workers } = flags;
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
    const { run, capacity } = await replicate(input, {
      ...options,
      ...{ capacity: true, signal, blocking, onProgress: several },
    });
    return withCapacity(run, capacity!);
  });
}

/** Simulates once more, step by step, what the records of the run are of: its first replication. */
function pictured(flags: Flags<typeof pictureFlags>, input: SimulatedRunInput, run: Run): Promise<void> {
  return interruptible(async (signal, blocking) => {
    const { timeline, itlS } = await blocking(() => ({ timeline: simulatedTimeline(input), itlS: gapsOf(input) }));
    await keepPictures(flags, { run, timeline, itlS, memoryBytes: input.profile.memory.total_bytes });
    await turnOfTheLoop();
    if (!signal.aborted) return;
    throw new Interrupted(`what was written is whole: ${[flags.trace, flags.charts].filter(Boolean).join(", ")}`);
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
