/**
 * What a request's tokens are, from front to back: the part of an earlier request that its prompt begins with, which may
 * begin with another's in turn, the rest of the prompt, then its answer.
 */
import { InvariantError, type ContentRuns } from "../../../../formats/index.js";
import type { SchedulerRequest } from "../../step.js";

/** So many tokens of one request's prompt or answer; without runs they are like no other request's. */
export interface Piece {
  readonly runs: ContentRuns | undefined;
  readonly tokens: number;
  readonly index: number;
}

/** The pieces of a request from the one that the token at `position` is in, and where that piece starts. */
export function piecesFrom(
  requests: readonly SchedulerRequest[],
  last: number,
  position: number,
): { pieces: Piece[]; startsAt: number } {
  const pieces: Piece[] = [];
  let index = last;
  let request = requests[index]!;
  let end = request.promptTokens + request.outputTokens;
  for (;;) {
    const { promptTokens, follows, content, answer } = request;
    if (end > promptTokens) pieces.push({ runs: answer, tokens: end - promptTokens, index });
    if (end > promptTokens && position >= promptTokens) return { pieces: pieces.reverse(), startsAt: promptTokens };
    const start = follows?.tokens ?? 0;
    const tokens = Math.min(end, promptTokens) - start;
    if (tokens > 0) pieces.push({ runs: content, tokens, index });
    if (follows === undefined || (tokens > 0 && position >= start))
      return { pieces: pieces.reverse(), startsAt: start };
    if (follows.index >= index)
      throw new InvariantError(`request ${index} follows request ${follows.index}, a later one`);
    end = Math.min(end, start);
    index = follows.index;
    request = requests[index]!;
  }
}
