/**
 * Sessions: conversations and agents whose turns follow each other. A turn's prompt begins with an earlier turn's
 * prompt and answer, or a part of them, and goes on with tokens of its own.
 */
import { contentTokens, type ContentRuns } from "./workload.js";

/** A turn as it was read or drawn. Lengths are tokens. */
export interface SessionTurn {
  /** The whole prompt, what it begins with included. */
  readonly promptTokens: number;
  readonly outputTokens: number;
  /** Time from the answer that it waits for to sending it, in whole ns: thinking, or running a tool. */
  readonly pauseNs: number;
  /** The earlier turn, by its place in the session, whose answer it waits for; absent: it begins the session. */
  readonly after?: number;
  /** The earlier turn, by its place, whose prompt and answer it begins with, and how many tokens of them. */
  readonly follows?: { readonly turn: number; readonly tokens: number };
  /** What other sessions begin with, too; only where it follows no turn. */
  readonly shared?: ContentRuns;
}

export interface Session {
  readonly id: string;
  /** Absent: the load says when. */
  readonly startNs?: number;
  /** At least one; each waits for and follows earlier ones only. */
  readonly turns: readonly SessionTurn[];
}

/** A request's part in a session. */
export interface RequestTurn {
  /** The session by its number, and the request's place in it, both from 0. */
  readonly session: number;
  readonly turn: number;
  /** Sent `pauseNs` after this request, by its place in the list, was answered; absent: it begins the session. */
  readonly after?: number;
  readonly pauseNs: number;
}

export interface LinearTurn {
  /** What it adds to the turns before. */
  readonly newTokens: number;
  readonly outputTokens: number;
  readonly pauseNs: number;
}

/**
 * Turns that each continue the whole of the one before; `shared`: what the first begins with, before its own tokens.
 */
export function linearTurns(turns: readonly LinearTurn[], shared: ContentRuns = []): SessionTurn[] {
  let past = contentTokens(shared);
  return turns.map(({ newTokens, outputTokens, pauseNs }, place) => {
    const promptTokens = past + newTokens;
    const before = place - 1;
    const continues = { after: before, follows: { turn: before, tokens: past } };
    const begins = place > 0 ? continues : shared.length > 0 ? { shared } : {};
    past = promptTokens + outputTokens;
    return { promptTokens, outputTokens, pauseNs, ...begins };
  });
}
