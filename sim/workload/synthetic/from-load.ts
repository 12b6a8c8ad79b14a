/** Turns a load and its prompts, lengths or trace into the one explicit request list that runs serve. */
import {
  ConfigError,
  LATEST_MS,
  withFields,
  type Load,
  type Workload,
  type WorkloadRequest,
} from "../../../formats/index.js";
import { stream } from "../../kernel/index.js";
import { arrivalTimesNs } from "./arrivals.js";
import { findBinning, unbinned } from "../binning.js";
import { syntheticLengths } from "./lengths.js";
import { withPatience } from "./patience.js";
import { drawPriorities } from "./priorities.js";
import { withClasses } from "./request-classes.js";
import type { Tokenize } from "../tokenizer.js";
import { scaledToRate, sliceOf, timeScaled } from "../traces/index.js";

export interface PromptSource {
  readonly prompts: readonly string[];
  readonly tokenize: Tokenize;
}

/** Requests of a synthetic load that does not say how many: vLLM bench's number. */
const DEFAULT_COUNT = 1000;

/**
 * The requests of a load. Prompts are used in order and from the start again when there are fewer than num_prompts.
 * A load with neither rate nor concurrency sends everything at time 0.
 */
export function workloadFromPrompts(load: Load, source: PromptSource, seed: string): Workload {
  const { prompts } = source;
  if (prompts.length === 0) throw new ConfigError("no prompts, expected at least one");
  const lengths = prompts.map((prompt) => source.tokenize(prompt).length);
  return issued(load, load.num_prompts ?? prompts.length, seed, (index) => {
    const pick = index % prompts.length;
    return {
      id: String(index),
      promptTokens: lengths[pick]!,
      outputTokens: load.output_len,
      prompt: prompts[pick]!,
    };
  });
}

/** The requests of a load whose dataset_name is a distribution of lengths. */
export function workloadFromLengths(load: Load, seed: string): Workload {
  const count = load.num_prompts ?? DEFAULT_COUNT;
  const { promptTokens, outputTokens, contentOf } = syntheticLengths(load, count, seed);
  return issued(load, count, seed, (index) => {
    const request: Issued = {
      id: String(index),
      promptTokens: promptTokens[index]!,
      outputTokens: outputTokens[index]!,
    };
    if (contentOf !== undefined) request.content = contentOf(index);
    return request;
  });
}

/**
 * The requests of a trace. With arrival times it is replayed: unbinned, sliced, cut to num_prompts, then scaled.
 * Without them, or with self_timed false, its lengths are issued as the load says.
 */
export function workloadFromRequests(load: Load, requests: readonly WorkloadRequest[], seed = "1"): Workload {
  for (const key of ["num_sessions", "max_sessions", "session_rate"] as const) {
    if (load[key] !== undefined) throw new ConfigError(`the workload has no sessions, ${key} cannot be given with it`);
  }
  const isTimed = requests[0]?.arrivalNs !== undefined;
  const timed = isTimed && load.self_timed !== false;
  if (timed) requireNoRate(load);
  else if (!isTimed) requireNoTimes(load);
  const spread = timed && load.unbin !== undefined ? unbinnedBy(load.unbin, requests, seed) : requests;
  const slice = { startNs: nsOf(load.slice_start_s), endNs: nsOf(load.slice_end_s) };
  const sliced = sliceOf(spread, slice);
  const cut = load.num_prompts === undefined ? sliced : sliced.slice(0, load.num_prompts);
  if (!timed) {
    return issued(load, cut.length, seed, (index) => untimed(cut[index]!));
  }
  const scaled =
    load.trace_rate === undefined ? timeScaled(cut, load.time_scale ?? 1) : scaledToRate(cut, load.trace_rate);
  if (load.priorities === undefined) return withClients(scaled, load, seed);
  const nextPriority = drawPriorities(load.priorities, seed);
  return withClients(
    scaled.map((request) => withFields(request, { priority: nextPriority() })),
    load,
    seed,
  );
}

/** Requests with the arrival times and priorities of the load; a closed loop's have no arrival times. */
function issued(load: Load, count: number, seed: string, requestAt: (index: number) => Issued): Workload {
  const isClosed =
    load.request_rate === undefined && load.ramp_up_strategy === undefined && load.max_concurrency !== undefined;
  const arrivalsNs = isClosed ? undefined : arrivalTimesNs(count, processOf(load), stream(`${seed}/0/arrivals`));
  const nextPriority = load.priorities === undefined ? undefined : drawPriorities(load.priorities, seed);
  const requests = new Array<WorkloadRequest>(count);
  for (let index = 0; index < count; index++) {
    const request = requestAt(index);
    if (arrivalsNs !== undefined) request.arrivalNs = arrivalsNs[index]!;
    if (nextPriority !== undefined) request.priority = nextPriority();
    requests[index] = request;
  }
  return withClients(requests, load, seed);
}

type Issued = { -readonly [Key in keyof WorkloadRequest]: WorkloadRequest[Key] };

function untimed({ id, promptTokens, outputTokens, prompt, content, priority }: WorkloadRequest): Issued {
  const copy: Issued = { id, promptTokens, outputTokens };
  if (prompt !== undefined) copy.prompt = prompt;
  if (content !== undefined) copy.content = content;
  if (priority !== undefined) copy.priority = priority;
  return copy;
}

function processOf(load: Load) {
  const rampUp =
    load.ramp_up_strategy === undefined
      ? undefined
      : { strategy: load.ramp_up_strategy, startPerS: load.ramp_up_start_rps!, endPerS: load.ramp_up_end_rps! };
  return {
    ratePerS: load.request_rate,
    burstiness: load.burstiness,
    kind: load.arrivals,
    rampUp,
    isRescaled: load.rescale_to_rate,
  };
}

function requireNoRate(load: Load): void {
  const given = load.request_rate !== undefined ? "request_rate" : "ramp_up_strategy";
  if (load[given] === undefined) return;
  throw new ConfigError(
    `the workload has its own arrival times, ${given} cannot be given with them; set trace_rate to scale them to a mean ` +
      "rate, or self_timed: false to use only the lengths",
  );
}

function requireNoTimes(load: Load): void {
  const keys = ["time_scale", "trace_rate", "unbin", "slice_start_s", "slice_end_s"] as const;
  const given = load.self_timed === true ? "self_timed" : keys.find((key) => load[key] !== undefined);
  if (given === undefined) return;
  throw new ConfigError(
    `the workload has no arrival times, ${given} cannot be given with it; set request_rate or max_concurrency`,
  );
}

function unbinnedBy(how: "even" | "uniform", requests: readonly WorkloadRequest[], seed: string): WorkloadRequest[] {
  const binning = findBinning(requests);
  if (binning === undefined) {
    throw new ConfigError("the workload's times are not binned (multiples of one period, many equal), leave out unbin");
  }
  return unbinned(requests, binning.periodNs, how, seed);
}

function nsOf(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : Math.round(seconds * 1e9);
}

/** ConfigError where a client's pauses alone take the run beyond the longest possible time. */
function withClients(requests: readonly WorkloadRequest[], load: Load, seed: string): Workload {
  const maxConcurrency = load.max_concurrency ?? Infinity;
  const thinkNs = Math.round(load.think_time_s * 1e9);
  const pauses = Math.ceil(requests.length / maxConcurrency) - 1;
  if (pauses > 0 && pauses * thinkNs > LATEST_MS * 1e6) {
    throw new ConfigError(
      `think_time_s is ${load.think_time_s}, with ${requests.length} requests of ${maxConcurrency} clients the run would go ` +
        "beyond 104 days, the longest there is; shorten the think time, or take fewer requests or more clients",
    );
  }
  return withPatience(withClasses({ requests, maxConcurrency, thinkNs }, load, seed), load, seed);
}
