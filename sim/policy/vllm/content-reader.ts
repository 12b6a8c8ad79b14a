/**
 * What a request's tokens are, from front to back: the part of an earlier request that its prompt begins with, which may
 * begin with another's in turn, the rest of the prompt, then its answer.
 */
import { InvariantError, type ContentRuns } from "../../../formats/index.js";
import type { SchedulerRequest } from "../step.js";

/** So many tokens of one request's prompt or answer; without runs they are like no other request's. */
export interface Piece {
  readonly runs: ContentRuns | undefined;
  readonly tokens: number;
  readonly index: number;
}

export class ContentReader {
  private readonly pieces: readonly Piece[];
  private piece = 0;
  /** Tokens taken of the piece; its run that the next token is in, and the tokens taken of that. */
  private taken = 0;
  private run = 0;
  private runTaken = 0;

  /** Reads from the token at `position` on. */
  constructor(requests: readonly SchedulerRequest[], index: number, position: number) {
    const { pieces, startsAt } = piecesFrom(requests, index, position);
    this.pieces = pieces;
    for (let left = position - startsAt; left > 0;) left -= this.next(left)[1];
  }

  /** The id of the run that the next `tokens` are all in, which are taken; undefined, and nothing taken, otherwise. */
  takeRun(tokens: number): number | undefined {
    const piece = this.pieces[this.piece];
    const run = piece?.runs?.[this.run];
    if (run === undefined || piece!.tokens - this.taken < tokens || run[1] - this.runTaken < tokens) return undefined;
    this.advance(tokens, run[1]);
    return run[0];
  }

  /** Takes the next `tokens`: as runs, no two neighbours of one id; undefined where some are like no other request's. */
  take(tokens: number): [tokenId: number, tokens: number][] | undefined {
    const runs: [tokenId: number, tokens: number][] = [];
    let isOwn = false;
    for (let left = tokens; left > 0;) {
      const [tokenId, taken] = this.next(left);
      left -= taken;
      const last = runs.at(-1);
      if (tokenId === undefined) isOwn = true;
      else if (last?.[0] === tokenId) last[1] += taken;
      else runs.push([tokenId, taken]);
    }
    return isOwn ? undefined : runs;
  }

  /** Whether some of the next `tokens` are like no other request's. */
  isOwn(tokens: number): boolean {
    let left = tokens + this.taken;
    for (let at = this.piece; at < this.pieces.length && left > 0; left -= this.pieces[at++]!.tokens) {
      if (this.pieces[at]!.runs === undefined) return true;
    }
    return false;
  }

  /** Takes at most `most` tokens of one id; undefined: tokens like no other's. */
  private next(most: number): [tokenId: number | undefined, tokens: number] {
    const piece = this.pieces[this.piece];
    if (piece === undefined) throw new InvariantError("a request was asked for tokens beyond its end");
    const tokens = Math.min(most, piece.tokens - this.taken);
    if (piece.runs === undefined) {
      this.advance(tokens, Infinity);
      return [undefined, tokens];
    }
    const run = piece.runs[this.run];
    if (run === undefined) {
      throw new InvariantError(`the content of request ${piece.index} ends before its ${piece.tokens} tokens`);
    }
    const ofRun = Math.min(tokens, run[1] - this.runTaken);
    this.advance(ofRun, run[1]);
    return [run[0], ofRun];
  }

  private advance(tokens: number, runTokens: number): void {
    this.taken += tokens;
    this.runTaken += tokens;
    if (this.taken === this.pieces[this.piece]!.tokens) {
      this.piece++;
      this.taken = 0;
      this.run = 0;
      this.runTaken = 0;
    } else if (this.runTaken === runTokens) {
      this.run++;
      this.runTaken = 0;
    }
  }
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
