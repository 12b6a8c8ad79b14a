/**
 * A run of the same server and the same mix of requests in which the server is kept full: clients that send the next
 * request when they have an answer, more of them than the server has slots, so that some always wait.
 */
import { InvariantError, defined, type Run, type WorkloadRequest } from "../../formats/index.js";
import { machineOf, simulateRun, type SimulatedRunInput } from "../engine/index.js";
import { stream } from "../kernel/index.js";
import { serverSlots } from "../policy/index.js";
import { arrivalTimesNs } from "../workload/index.js";
import type { Mix } from "./mix.js";
import { relativeWork, type Sized } from "./relative-work.js";
import { steadyRate, type SteadyRate } from "./steady-rate.js";

/** Clients beyond the slots, as a share of them and at least. */
const SPARE_SHARE = 0.25;
const MIN_SPARE = 16;
/**
 * Generations of requests, each as many as there are slots, before the measurement begins: it takes some until requests no
 * longer end in the clusters in which they began.
 */
const WARM_UP = { step: 6, batch: 2 } as const;

export interface Saturated {
  readonly run: Run;
  readonly rate: SteadyRate;
  /** What a request takes of the server, 1 on average over the mix. */
  readonly workOf: (request: Sized) => number;
  /** Whether the load's own bound on outstanding requests leaves the server with fewer than it could take. */
  readonly isClientBound: boolean;
}

/**
 * Keeps one server full with `measured` requests beside those that fill and empty it. At once; with `ratePerS` the requests
 * come at that rate, which is to be more than it can take, until as many as there are clients wait.
 */
export function saturate(
  input: SimulatedRunInput,
  mix: Mix,
  measured: number,
  ratePerS?: number,
): Saturated | undefined {
  const slots = slotsOfServer(input);
  const spare = Math.max(MIN_SPARE, Math.ceil(SPARE_SHARE * slots));
  const bound = input.workload.maxConcurrency / (input.replicas ?? 1);
  const clients = Math.max(1, Math.min(slots + spare, Math.round(bound)));
  const warmUp = WARM_UP[input.plan.work] * slots + settling(input);
  const taken = mix.take(warmUp + measured + clients);
  const requests =
    ratePerS === undefined ? started(taken, Math.min(slots, clients), input) : comingAt(taken, ratePerS, input);
  const run = simulateRun({
    ...input,
    workload: { requests, maxConcurrency: clients, thinkNs: input.workload.thinkNs },
    seed: `${input.seed}/capacity`,
    coldStart: false,
    replicas: 1,
  });
  const answered = run.requests.slice(slots).filter(({ status }) => status === "ok");
  if (answered.length === 0) return undefined;
  const workOf = relativeWork(answered, mix.population);
  // What is rejected at once takes nothing of the server, and counts as done.
  const endedShare = run.requests.filter(({ status }) => status === "ok").length / run.requests.length;
  const found = steadyRate(run.requests, { first: Math.floor(endedShare * warmUp), last: clients }, workOf);
  if (found === undefined) return undefined;
  const rate = { ...found, requestsPerS: found.requestsPerS / endedShare };
  return { run, rate, workOf, isClientBound: clients < slots + spare };
}

/** Requests that a server has in work at once, at most. */
export function slotsOfServer({ plan, profile }: SimulatedRunInput): number {
  if (plan.work === "step") return serverSlots(plan.create(machineOf(profile)));
  const { batch_size, max_batch_size = batch_size } = plan.settings;
  if (typeof max_batch_size !== "number") {
    throw new InvariantError(`the policy ${plan.name} has no batch size, expected batch_size or max_batch_size`);
  }
  return max_batch_size;
}

/** Requests that a batch size which follows memory takes to settle: by one a batch from its most to its least. */
function settling({ plan: { settings } }: SimulatedRunInput): number {
  const { min_batch_size: least, max_batch_size: most } = settings;
  return typeof least === "number" && typeof most === "number" ? Math.ceil(((most - least) * (most + least)) / 2) : 0;
}

/**
 * Where requests end one by one, the first to fill the server have answers of which a random part is left, as in a
 * server that has been at work for long: otherwise all would begin and end together, again and again.
 */
function started(
  requests: readonly WorkloadRequest[],
  first: number,
  { plan, seed }: SimulatedRunInput,
): WorkloadRequest[] {
  const random = stream(`${seed}/0/capacity-start`);
  const isStaggered = plan.work === "step";
  return requests.map((request, index) => {
    const { outputTokens } = request;
    const left = isStaggered && index < first ? Math.max(1, Math.ceil(random() * outputTokens)) : outputTokens;
    return { ...untimed(request, index), outputTokens: left };
  });
}

/** Poisson arrivals. */
function comingAt(
  requests: readonly WorkloadRequest[],
  ratePerS: number,
  { seed }: SimulatedRunInput,
): WorkloadRequest[] {
  const random = stream(`${seed}/0/capacity-arrivals`);
  const timesNs = arrivalTimesNs(requests.length, { ratePerS, burstiness: 1, kind: "gamma" }, random);
  return requests.map((request, index) => ({ ...untimed(request, index), arrivalNs: timesNs[index]! }));
}

function untimed(request: WorkloadRequest, index: number): WorkloadRequest {
  const { promptTokens, outputTokens, maxTokens, content, priority } = request;
  return {
    id: String(index),
    promptTokens,
    outputTokens,
    ...defined({ maxTokens, content, priority }),
  };
}
