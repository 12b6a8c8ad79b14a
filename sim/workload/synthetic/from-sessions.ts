/** Sessions, of a trace or drawn, become one request list: what each prompt begins with, what it waits for, when it starts. */
import {
  ConfigError,
  contentTokens,
  InvariantError,
  linearTurns,
  type LinearTurn,
  type Load,
  type Session,
  type Workload,
  type WorkloadRequest,
} from "../../../formats/index.js";
import { normal, stream, type Random } from "../../kernel/index.js";
import { arrivalTimesNs } from "./arrivals.js";
import { sigmaOfCv } from "./distributions.js";

const DEFAULT_SESSIONS = 100;
/** Of the tokens that all drawn sessions begin with; others are from 0. */
const SYSTEM_ID = -1;

/**
 * Keys of a load that say when requests come, or which: sessions have keys of their own for both. That a client gives up
 * in the middle of a session is not modelled.
 */
const otherKeys = [
  "num_prompts",
  "max_concurrency",
  "request_rate",
  "ramp_up_strategy",
  "rescale_to_rate",
  "self_timed",
  "time_scale",
  "trace_rate",
  "slice_start_s",
  "slice_end_s",
  "unbin",
  "priorities",
  "classes",
  "patience_ttft",
  "patience_e2el",
  "retries",
] as const;

/**
 * The requests of a load's sessions, in the order of the sessions; with more num_sessions than there are, the sessions are
 * taken again from the first, and a session that is taken again shares with no other what is its own.
 */
export function workloadFromSessions(load: Load, sessions: readonly Session[], seed: string): Workload {
  const given =
    otherKeys.find((key) => load[key] !== undefined) ?? (load.think_time_s > 0 ? "think_time_s" : undefined);
  if (given !== undefined) {
    throw new ConfigError(
      `the workload is one of sessions, ${given} cannot be given with it; num_sessions, max_sessions and session_rate can`,
    );
  }
  const { max_sessions: maxConcurrent = Infinity, session_rate: ratePerS } = load;
  const count = load.num_sessions ?? sessions.length;
  const isTimed = sessions.every(({ startNs }) => startNs !== undefined);
  if (!isTimed && ratePerS === undefined && maxConcurrent === Infinity) {
    throw new ConfigError("the sessions have no times to start at, expected max_sessions or session_rate");
  }
  if (isTimed && count > sessions.length && ratePerS === undefined && maxConcurrent === Infinity) {
    throw new ConfigError(
      `num_sessions: got ${count}, the trace has ${sessions.length}, which begin at their recorded times; to repeat them give max_sessions or ` +
        "session_rate",
    );
  }
  const startsNs = ratePerS === undefined ? undefined : starts(load, count, ratePerS, seed);
  const usesOwn = startsNs === undefined && isTimed && maxConcurrent === Infinity;
  const requests: WorkloadRequest[] = [];
  for (let number = 0; number < count; number++) {
    const session = sessions[number % sessions.length]!;
    const startNs = usesOwn ? session.startNs : startsNs?.[number];
    addSession(requests, session, number, number < sessions.length ? session.id : `${session.id}+${number}`, startNs);
  }
  return { requests, maxConcurrency: Infinity, thinkNs: 0, sessions: { count, maxConcurrent } };
}

function starts(load: Load, count: number, ratePerS: number, seed: string): number[] {
  const process = { ratePerS, burstiness: load.burstiness, kind: load.arrivals };
  return arrivalTimesNs(count, process, stream(`${seed}/0/arrivals`));
}

function addSession(
  requests: WorkloadRequest[],
  { turns }: Session,
  session: number,
  id: string,
  startNs: number | undefined,
): void {
  const base = requests.length;
  for (const [place, turn] of turns.entries()) {
    const { promptTokens, outputTokens, pauseNs, after, follows, shared = [] } = turn;
    if ((after ?? -1) >= place || (follows?.turn ?? -1) >= place) {
      throw new InvariantError(`turn ${place} of session ${id} waits for or follows a later one`);
    }
    if (place > 0 && after === undefined) throw new InvariantError(`turn ${place} of session ${id} waits for no turn`);
    const index = base + place;
    const begun = follows?.tokens ?? contentTokens(shared);
    const own = promptTokens - begun;
    requests.push({
      id: `${id}/${place}`,
      promptTokens,
      outputTokens,
      ...(after === undefined && startNs !== undefined ? { arrivalNs: startNs } : {}),
      content: own > 0 ? [...shared, [2 * index, own]] : shared,
      ...(follows === undefined ? {} : { follows: { index: base + follows.turn, tokens: follows.tokens } }),
      answer: [[2 * index + 1, outputTokens]],
      turn: { session, turn: place, ...(after === undefined ? {} : { after: base + after }), pauseNs },
    });
  }
}

/** Sessions of the dataset `sessions`: turns one after the other, each with new tokens, an answer and a pause before it. */
export function sessionsFromLoad(load: Load, seed: string): Session[] {
  const random = stream(`${seed}/0/sessions`);
  const turns = drawn(load.sessions_turns ?? 5, load.sessions_turns_cv ?? 0, random);
  const added = drawn(load.sessions_input_len ?? 256, load.sessions_input_cv ?? 0, random);
  const outputs = drawn(load.sessions_output_len ?? 128, load.sessions_output_cv ?? 0, random);
  const pause = drawn((load.sessions_think_s ?? 5) * 1e9, load.sessions_think_cv ?? 0, random);
  const system = load.sessions_system_len ?? 0;
  const shared = system > 0 ? [[SYSTEM_ID, system] as const] : [];
  return Array.from({ length: load.num_sessions ?? DEFAULT_SESSIONS }, (_, number): Session => {
    const list = Array.from({ length: Math.max(1, turns()) }, (_unused, place): LinearTurn => ({
      newTokens: Math.max(1, added()),
      outputTokens: Math.max(1, outputs()),
      pauseNs: place === 0 ? 0 : pause(),
    }));
    return { id: String(number), turns: linearTurns(list, shared) };
  });
}

/** Whole numbers of that mean: all equal, or log-normal with that standard deviation over mean. */
function drawn(mean: number, cv: number, random: Random): () => number {
  if (cv === 0 || mean === 0) return () => Math.round(mean);
  const sigma = sigmaOfCv(cv);
  const mu = Math.log(mean) - (sigma * sigma) / 2;
  return () => Math.round(Math.exp(mu + sigma * normal(random)));
}
