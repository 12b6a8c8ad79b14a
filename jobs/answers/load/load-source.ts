/**
 * The requests of a load of which one number is varied: read once, then made at any value, for any seed and length. If
 * the number of replicas is varied, or nothing, the load stays as given.
 */
import {
  ConfigError,
  defined,
  type Load,
  type Session,
  type Workload,
  type WorkloadRequest,
} from "../../../formats/index.js";
import { readTrace, traceOptionsOf } from "../../../formats/files/index.js";
import { loadTokenizer } from "../../../sim/index.js";
import { hasPrompts, promptLengths, recordedOutputs } from "../../inputs/index.js";
import { madeFrom } from "./made-from.js";
import { shareOf, type ShareCut } from "./share-of.js";

export const varyNames = ["request_rate", "max_concurrency", "session_rate", "max_sessions"] as const;
/** What a load does not say itself because the answer is to find it; `replicas`: nothing of the load. */
export type Vary = (typeof varyNames)[number] | "replicas";
/** `rate`: of requests, or of sessions, whichever the load has. */
export type AskedVary = Vary | "rate";

/** `outputs`: of a load with output_len_from, what its output lengths are drawn from. */
export type LoadSource = Prompts & { readonly outputs?: readonly number[] | undefined };

/**
 * lengths: drawn; list: requests without times, to be sent at the load's rate; trace: requests with times; sessions: drawn,
 * or those of a trace; share: what one of several replicas gets of another source's requests.
 */
type Prompts =
  | { readonly kind: "lengths" }
  | {
      readonly kind: "sessions";
      /** Absent: drawn. */
      readonly sessions?: readonly Session[] | undefined;
      /** They begin once, at times of their own. */
      readonly isTimed: boolean;
      readonly notes: readonly string[];
    }
  | {
      readonly kind: "share";
      readonly of: { readonly source: LoadSource; readonly load: Load };
      readonly cut: ShareCut;
    }
  | {
      readonly kind: "list" | "trace";
      readonly requests: readonly WorkloadRequest[];
      /** The list may be gone through more than once. */
      readonly repeats: boolean;
      readonly notes: readonly string[];
      /** How often each request of a trace comes, on average; absent: once. */
      readonly scale?: number;
    };

/** Reads what the load names. ConfigError for a load that says itself what is to be found, or has no such number. */
export async function readSource(load: Load, prompts: string | undefined, asked: AskedVary): Promise<LoadSource> {
  const source = await readPromptsOf(load, prompts, asked);
  rejectGiven(load, varyOf(source, asked));
  return { ...source, ...defined({ outputs: await recordedOutputs(load) }) };
}

async function readPromptsOf(load: Load, prompts: string | undefined, asked: AskedVary): Promise<Prompts> {
  if (load.workload !== undefined) {
    const { requests, sessions, notes } = await readTrace(load.workload, traceOptionsOf(load, loadTokenizer));
    if (sessions !== undefined)
      return { kind: "sessions", sessions, isTimed: isSelfTimed(load, sessions, asked), notes };
    const isTimed = requests[0]?.arrivalNs !== undefined && load.self_timed !== false;
    if (isTimed && asked === "max_concurrency") {
      throw new ConfigError(
        "--vary max_concurrency: the trace has its own times, give --no-self-timed to use its lengths only",
      );
    }
    return { kind: isTimed ? "trace" : "list", requests, repeats: false, notes };
  }
  if (load.dataset_name === "sessions") return { kind: "sessions", isTimed: false, notes: [] };
  if (!hasPrompts(load)) return { kind: "lengths" };
  return { kind: "list", requests: await promptLengths(load, prompts), repeats: true, notes: [] };
}

/** Whether nothing else says when the sessions begin. */
function isSelfTimed(load: Load, sessions: readonly Session[], asked: AskedVary): boolean {
  if (asked !== "replicas" || load.session_rate !== undefined || load.max_sessions !== undefined) return false;
  return sessions.every(({ startNs }) => startNs !== undefined);
}

/** The number that is varied. ConfigError for one that such a load does not have. */
export function varyOf({ kind }: Pick<LoadSource, "kind">, asked: AskedVary): Vary {
  const isOfSessions = kind === "sessions";
  if (asked === "rate") return isOfSessions ? "session_rate" : "request_rate";
  if (asked === "replicas" || isSessionKey(asked) === isOfSessions) return asked;
  throw new ConfigError(
    isOfSessions
      ? `--vary ${asked}: the load is one of sessions, expected session_rate or max_sessions`
      : `--vary ${asked}: the load has no sessions, expected request_rate or max_concurrency`,
  );
}

function isSessionKey(vary: Vary): vary is "session_rate" | "max_sessions" {
  return vary === "session_rate" || vary === "max_sessions";
}

/** Whether the number is one of clients, or of sessions at a time: a whole one. */
export function isWholeNumber(vary: Vary): boolean {
  return vary === "max_concurrency" || vary === "max_sessions";
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
      `${flag} ${String(load[found])}: servesim finds this value, leave it out, or judge it with --at-rate`,
    );
  }
  if (vary === "max_concurrency" && load.request_rate !== undefined) {
    throw new ConfigError("--vary max_concurrency is for closed loops, leave out --request-rate");
  }
  if (vary === "max_sessions" && load.session_rate !== undefined) {
    throw new ConfigError("--vary max_sessions is for sessions that begin when others end, leave out --session-rate");
  }
}

/** Requests that there are, or sessions; Infinity where they are drawn or may be repeated. */
export function mostRequests(source: LoadSource): number {
  if (source.kind === "share") return mostRequests(source.of.source);
  if (source.kind === "sessions") return source.isTimed ? source.sessions!.length : Infinity;
  return source.kind === "lengths" || source.repeats ? Infinity : source.requests.length;
}

/** What reading it left out or changed, a sentence each. */
export function sourceNotes(source: LoadSource): readonly string[] {
  if (source.kind === "share") return sourceNotes(source.of.source);
  return source.kind === "lengths" ? [] : source.notes;
}

/** The load with the varied number at `x`, of `count` requests or sessions. */
export function loadAt(load: Load, source: LoadSource, vary: Vary, { x, count }: { x: number; count: number }): Load {
  if (source.kind === "share") return load;
  if (source.kind === "sessions") return { ...load, num_sessions: count, ...(isSessionKey(vary) ? { [vary]: x } : {}) };
  if (vary === "replicas") return source.kind === "lengths" || source.repeats ? { ...load, num_prompts: count } : load;
  if (source.kind === "trace") return { ...load, trace_rate: x, time_scale: undefined };
  return { ...load, [vary]: x, num_prompts: count };
}

/** Its requests, as `simulate` makes them with that seed. */
export function workloadAt(load: Load, source: LoadSource, seed: string): Workload {
  if (source.kind !== "share") return madeFrom(load, source, seed);
  const { load: whole, source: from } = source.of;
  return { ...shareOf(workloadAt(whole, from, seed), source.cut), maxConcurrency: load.max_concurrency ?? Infinity };
}
