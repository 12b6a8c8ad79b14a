/**
 * Capacity: the requests/s and output tokens/s of a load's mix of requests with the server kept full, found by a
 * simulation of its own (saturate.ts), and the load beside it. How each figure is computed: docs/metrics.md.
 */
import { ConfigError, defined } from "../../formats/index.js";
import { atRunPace } from "../cost/index.js";
import type { SimulatedRunInput } from "../engine/index.js";
import { boundBy, type BoundName } from "./bound-by.js";
import { everyOf, mixOf, type Mix } from "./mix.js";
import type { Stretch } from "./busiest-stretch.js";
import { isOpenLoop, offeredLoad } from "./offered.js";
import type { Sized } from "./relative-work.js";
import type { StepPlan } from "../policy/index.js";
import { saturate, slotsOfServer, type Saturated } from "./saturate.js";
import { mean } from "../metrics/index.js";
import { isImpatient, withoutPatience } from "../workload/index.js";

/** The rate is measured over longer until half of its 95 % interval is within this fraction. */
const WANTED_HALF_WIDTH = 0.01;
/** Requests measured first: at least, and per slot. */
const MIN_MEASURED = 400;
const MEASURED_PER_SLOT = { step: 3, batch: 40 } as const;
/** What the longest of its runs takes, about: some tenths of a second. */
const MAX_STEPS = 100_000;
const MAX_REQUESTS = 200_000;
/**
 * Where requests come one by one, what is offered of the rate found so far; which share of that a full server does not
 * serve; and how often more is tried.
 */
const MORE = 1.08;
const KEPT_UP = 0.985;
const MAX_TRIES = 5;
/** Steps of an engine that take as long to simulate as one output token of a batch. */
const STEPS_PER_BATCH_TOKEN = 0.02;

const NEAR = 0.9;
const ABOVE = 1;

export type CapacityVerdict = "below" | "near" | "above";

/** As run.json and --json have it, except how busy the run itself was. */
export interface Capacity {
  readonly requests_per_s: number;
  readonly output_tokens_per_s: number;
  /** Half of the 95 % interval of both, as a fraction. */
  readonly half_width: number;
  readonly offered_requests_per_s: number;
  /** Offered over capacity. */
  readonly utilisation: number;
  /** The stretch with the most work, where the rate varies; the verdict goes by it. */
  readonly busiest?: Stretch;
  readonly verdict: CapacityVerdict;
  readonly bound_by: BoundName;
  /** Above capacity: seconds by which a request that arrives a minute later is answered later than that. */
  readonly latency_growth_s_per_min?: number;
}

/** Why a run has no capacity to be compared with. */
export interface NoCapacity {
  readonly reason: string;
  /** Whether to report it; false for loads without a meaningful capacity. */
  readonly isRemarkable: boolean;
}

/** Capacity of an open loop. It depends on policy, profile, load and seeds, not on the number of requests. */
export function capacityOf(input: SimulatedRunInput): Capacity | NoCapacity {
  if (!isOpenLoop(input.workload)) {
    const reason = "requests come when others are answered, or all at once: nothing is offered per second";
    return { reason, isRemarkable: false };
  }
  const full = saturatedRate(input);
  if ("reason" in full) return full;
  const { requestsPerS, outputTokensPerS, halfWidth, serviceS, workS } = full;
  const { requestsPerS: offered, busiest } = offeredLoad(input, { requestsPerS, serviceS, workS });
  const utilisation = offered / requestsPerS;
  const most = Math.max(utilisation, busiest?.utilisation ?? 0);
  const verdict = most > ABOVE ? "above" : most >= NEAR ? "near" : "below";
  return {
    requests_per_s: requestsPerS,
    output_tokens_per_s: outputTokensPerS,
    half_width: halfWidth,
    offered_requests_per_s: offered,
    utilisation,
    ...defined({ busiest }),
    verdict,
    bound_by: boundBy(
      { ...input, workload: withoutPatience(input.workload) },
      full.mix,
      full.first,
      measuredFirst(input),
    ),
    // Of a second's arrivals, what is beyond capacity waits for as long as it takes to serve it.
    // Where clients give up, no longer than they do.
    ...(verdict === "above" && !isImpatient(input.workload) ? { latency_growth_s_per_min: 60 * (most - 1) } : {}),
  };
}

export interface FullRate {
  readonly requestsPerS: number;
  readonly outputTokensPerS: number;
  readonly halfWidth: number;
  /** Mean time of a request in service with the server full, s. */
  readonly serviceS: number;
  /** Seconds of all servers that a request of such lengths takes. */
  readonly workS: (request: Sized) => number;
  /** What it was found with. */
  readonly mix: Mix;
  /** The run to compare other settings with. */
  readonly first: Saturated;
}

/** What all replicas together serve with all of them kept full. The load's own times are not looked at. */
export function saturatedRate(asked: SimulatedRunInput): FullRate | NoCapacity {
  const input = usualServer(asked);
  const { replicas = 1, workload } = input;
  const mix = mixOf(input, everyOf(input));
  let found: Found | undefined;
  try {
    found = findRate(input, mix);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { reason: `capacity is not known, the full server does not work: ${error.message}`, isRemarkable: true };
  }
  if (found === undefined) return { reason: "capacity is not known, no request is answered", isRemarkable: true };
  const { first, last } = found;
  const { rate, workOf } = last;
  const servers = Math.min(replicas, workload.maxConcurrency);
  const requestsPerS = servers * rate.requestsPerS;
  const outputTokens = mean(mix.population.map((request) => request.outputTokens));
  return {
    requestsPerS,
    outputTokensPerS: requestsPerS * outputTokens,
    halfWidth: rate.halfWidth,
    serviceS: rate.serviceS,
    workS: (request) => workOf(request) / requestsPerS,
    mix,
    first,
  };
}

/** The server on a day of its usual pace, on which requests are rejected only if they could never be served, and nobody gives up. */
function usualServer({ plan, profile, ...input }: SimulatedRunInput): SimulatedRunInput {
  const { cost } = profile;
  const pace = cost.kind === "vllm_engine" ? (cost.host.pace ?? 1) : 1;
  return {
    ...input,
    workload: withoutPatience(input.workload),
    plan: plan.work === "step" ? withoutQueueLimits(plan) : plan,
    profile: atRunPace(profile, pace),
  };
}

function withoutQueueLimits(plan: StepPlan): StepPlan {
  return {
    ...plan,
    create: (machine) => {
      const policy = plan.create(machine);
      const { limits } = policy;
      return { ...policy, limits: { ...limits, maxNumQueuedReqs: undefined, maxNumQueuedTokens: undefined } };
    },
  };
}

interface Found {
  /** Full from the start and short, to compare other settings with. */
  readonly first: Saturated;
  /** The run that shows the rate. */
  readonly last: Saturated;
}

/**
 * Batches of a full server are alike. Continuous batching depends on how it came to be full: requests that begin
 * together end together, and take fewer steps. So it is filled by a load that is a little more than it serves, as it
 * would be.
 */
function findRate(input: SimulatedRunInput, mix: Mix): Found | undefined {
  const measured = measuredFirst(input);
  const first = saturate(input, mix, measured);
  if (first === undefined) return undefined;
  const longer = Math.ceil(measured * Math.max(1, timesAsLong(first, measured)));
  if (input.plan.work === "batch")
    return { first, last: longer > measured ? (saturate(input, mix, longer) ?? first) : first };
  let last = first;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const ratePerS = MORE * last.rate.requestsPerS;
    last = saturate(input, mix, longer, ratePerS) ?? last;
    if (last.rate.requestsPerS < KEPT_UP * ratePerS) break;
  }
  return { first, last };
}

/** How many times as many requests make the rate narrow, within what may be spent on it. */
function timesAsLong({ rate, run }: Saturated, measured: number): number {
  const wanted = (rate.halfWidth / WANTED_HALF_WIDTH) ** 2;
  const steps = (run.info.engine_steps as { scheduled: number } | undefined)?.scheduled;
  const spent = steps ?? STEPS_PER_BATCH_TOKEN * run.batches.reduce((sum, { outputTokens }) => sum + outputTokens, 0);
  return Math.min(wanted, MAX_STEPS / Math.max(1, spent), MAX_REQUESTS / measured);
}

function measuredFirst(input: SimulatedRunInput): number {
  return Math.max(MIN_MEASURED, MEASURED_PER_SLOT[input.plan.work] * slotsOfServer(input));
}
