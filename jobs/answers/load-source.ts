/**
 * The requests of a load for which one number is varied: read once, then made at any value, for any seed and length.
 * Where the number is of replicas, or nothing is varied, the load stays as it is given.
 */
import { ConfigError, defined, type Load, type Workload, type WorkloadRequest } from "../../formats/index.js";
import { readTrace, traceOptionsOf } from "../../formats/files/index.js";
import {
  loadTokenizer,
  moreOften,
  stream,
  withAnswerEnds,
  workloadFromLengths,
  workloadFromRequests,
} from "../../sim/index.js";
import { goneThrough, hasPrompts, promptLengths, recordedOutputs } from "../inputs/index.js";
import { shareOf, type ShareCut } from "./share-of.js";

export const varyNames = ["request_rate", "max_concurrency"] as const;
/** What a load does not say itself because it is looked for. */
type Sought = (typeof varyNames)[number];
export type Vary = Sought | "replicas";

/** `outputs`: of a load with output_len_from, what its output lengths are drawn from. */
export type LoadSource = Prompts & { readonly outputs?: readonly number[] | undefined };

/**
 * lengths: drawn; list: requests without times, to be sent at the load's rate; trace: requests with times; share: what one
 * of several replicas gets of another source's requests.
 */
type Prompts =
  | { readonly kind: "lengths" }
  | {
      readonly kind: "share";
      readonly of: { readonly source: LoadSource; readonly load: Load };
      readonly cut: ShareCut;
    }
  | {
      readonly kind: "list" | "trace";
      readonly requests: readonly WorkloadRequest[];
      /** Whether the list may be gone through more than once. */
      readonly repeats: boolean;
      readonly notes: readonly string[];
      /** How often each request of a trace comes, on average; absent: once. */
      readonly scale?: number;
    };

/** Reads what the load names. ConfigError for a load that says itself what is to be found. */
export async function readSource(load: Load, prompts: string | undefined, vary: Vary): Promise<LoadSource> {
  const source = await readPromptsOf(load, prompts, vary);
  return { ...source, ...defined({ outputs: await recordedOutputs(load) }) };
}

async function readPromptsOf(load: Load, prompts: string | undefined, vary: Vary): Promise<Prompts> {
  rejectGiven(load, vary);
  if (load.workload !== undefined) {
    const { requests, sessions, notes } = await readTrace(load.workload, traceOptionsOf(load, loadTokenizer));
    if (sessions !== undefined) throw sessionsNotTaken(`${load.workload} holds sessions`);
    const isTimed = requests[0]?.arrivalNs !== undefined && load.self_timed !== false;
    if (isTimed && vary === "max_concurrency") {
      throw new ConfigError(
        "--vary max_concurrency: the trace has its own times, give --no-self-timed to use its lengths only",
      );
    }
    return { kind: isTimed ? "trace" : "list", requests, repeats: false, notes };
  }
  if (load.dataset_name === "sessions") throw sessionsNotTaken("--dataset-name sessions");
  if (!hasPrompts(load)) return { kind: "lengths" };
  return { kind: "list", requests: await promptLengths(load, prompts), repeats: true, notes: [] };
}

/** Their requests have no rate of their own: each waits for the answer to the one before. */
function sessionsNotTaken(what: string): ConfigError {
  return new ConfigError(
    `${what}: capacity, size and tune take loads of independent requests only; simulate, whatif and explain take sessions`,
  );
}

function rejectGiven(load: Load, vary: Vary): void {
  if (vary === "replicas") return;
  if (load.ramp_up_strategy !== undefined) {
    throw new ConfigError("--ramp-up-strategy: servesim finds the rate, leave the ramp-up out");
  }
  const given = vary === "request_rate" ? (["request_rate", "trace_rate", "time_scale"] as const) : ([vary] as const);
  const found = given.find((key) => load[key] !== undefined);
  if (found !== undefined) {
    const flag = `--${found.replaceAll("_", "-")}`;
    throw new ConfigError(
      `${flag} ${String(load[found])}: servesim finds this value, leave it out, or have it judged with --at-rate`,
    );
  }
  if (vary === "max_concurrency" && load.request_rate !== undefined) {
    throw new ConfigError("--vary max_concurrency is for closed loops, leave out --request-rate");
  }
}

/** Requests that there are, Infinity where they are drawn or may be repeated. */
export function mostRequests(source: LoadSource): number {
  if (source.kind === "share") return mostRequests(source.of.source);
  return source.kind === "lengths" || source.repeats ? Infinity : source.requests.length;
}

/** What reading it left out or changed, a sentence each. */
export function sourceNotes(source: LoadSource): readonly string[] {
  if (source.kind === "share") return sourceNotes(source.of.source);
  return source.kind === "lengths" ? [] : source.notes;
}

/** The load with the varied number at `x`, of `count` requests. */
export function loadAt(load: Load, source: LoadSource, vary: Vary, { x, count }: { x: number; count: number }): Load {
  if (source.kind === "share") return load;
  if (vary === "replicas") return source.kind === "lengths" || source.repeats ? { ...load, num_prompts: count } : load;
  if (source.kind === "trace") return { ...load, trace_rate: x, time_scale: undefined };
  return { ...load, [vary]: x, num_prompts: count };
}

/** Its requests, as `simulate` makes them with that seed. */
export function workloadAt(load: Load, source: LoadSource, seed: string): Workload {
  if (source.kind === "share") {
    const { load: whole, source: from } = source.of;
    return { ...shareOf(workloadAt(whole, from, seed), source.cut), maxConcurrency: load.max_concurrency ?? Infinity };
  }
  return withAnswerEnds(requestsAt(load, source, seed), load, seed, source.outputs);
}

function requestsAt(load: Load, source: Exclude<LoadSource, { readonly kind: "share" }>, seed: string): Workload {
  if (source.kind === "lengths") return workloadFromLengths(load, seed);
  const { requests, repeats, scale = 1 } = source;
  if (!repeats) {
    const workload = workloadFromRequests(load, requests, seed);
    if (scale === 1) return workload;
    return { ...workload, requests: moreOften(workload.requests, scale, stream(`${seed}/0/scale`)) };
  }
  return workloadFromRequests(load, goneThrough(requests, load.num_prompts ?? requests.length), seed);
}

/** The load with some keys not given. */
export function without(load: Load, keys: readonly (keyof Load)[]): Load {
  return Object.fromEntries(Object.entries(load).filter(([key]) => !keys.includes(key as keyof Load))) as Load;
}
