/**
 * The chains of requests (content-chain.ts): one is kept while its request is in the engine, and until the last of those that
 * follow it has come, which goes on from there. So a turn of a conversation names its new tokens only.
 */
import { InvariantError } from "../../../../formats/index.js";
import type { SchedulerRequest } from "../../step.js";
import { piecesFrom, type Piece } from "../content-reader.js";
import { Chain, type ChainNode } from "./content-chain.js";

export class RequestChains {
  /** Followers still to come, by the request that they follow. */
  private readonly followers = new Map<number, number>();
  /** Of requests that others are to follow. */
  private readonly kept = new Map<number, Chain>();
  /** Chains that nobody needs, to be used again. */
  private readonly spare: Chain[] = [];

  constructor(
    private readonly root: ChainNode,
    private readonly requests: readonly SchedulerRequest[],
    private readonly blockSize: number,
  ) {
    for (const { follows } of requests) {
      if (follows !== undefined) this.followers.set(follows.index, (this.followers.get(follows.index) ?? 0) + 1);
    }
  }

  /** A request comes: its tokens up to the first that are like no other request's. */
  start(index: number): Chain {
    const { follows } = this.requests[index]!;
    const chain = this.spare.pop() ?? new Chain(this.root, this.blockSize);
    const before = follows === undefined ? undefined : this.kept.get(follows.index);
    if (before !== undefined) chain.begin(before, Math.min(follows!.tokens, before.tokens));
    const { pieces, startsAt } = piecesFrom(this.requests, index, chain.tokens);
    let passed = chain.tokens - startsAt;
    for (const piece of pieces) {
      if (!addPiece(chain, piece, passed)) break;
      passed = 0;
    }
    chain.finish();
    chain.tip.chains++;
    chain.users = 1;
    if (this.followers.has(index)) {
      this.kept.set(index, chain);
      chain.users = 2;
    }
    this.absent(index);
    return chain;
  }

  /** A request with this chain is over. */
  end(chain: Chain): void {
    if (--chain.users > 0) return;
    const { tip } = chain;
    tip.chains--;
    tip.prune();
    chain.restart();
    this.spare.push(chain);
  }

  /** A request has come, or will not come to this engine: it needs the one that it follows no more. */
  absent(index: number): void {
    const { follows } = this.requests[index]!;
    if (follows === undefined) return;
    const left = (this.followers.get(follows.index) ?? 1) - 1;
    if (left > 0) {
      this.followers.set(follows.index, left);
      return;
    }
    this.followers.delete(follows.index);
    const chain = this.kept.get(follows.index);
    this.kept.delete(follows.index);
    if (chain !== undefined) this.end(chain);
  }
}

/** Adds the tokens of a piece behind its first `passed`; false: they are like no other request's. */
function addPiece(chain: Chain, { runs, tokens, index }: Piece, passed: number): boolean {
  if (runs === undefined || runs.length === 0) return false;
  /** Of the piece: where the run begins, and ends. */
  let from = 0;
  let to = 0;
  for (let at = 0; at < runs.length && to < tokens; at++) {
    const run = runs[at]!;
    from = to;
    to = Math.min(from + run[1], tokens);
    if (to > passed) chain.add(run[0], to - Math.max(from, passed));
  }
  if (to < tokens) {
    throw new InvariantError(
      `the content of request ${index} ends ${tokens - to} tokens before the end of a prompt or answer`,
    );
  }
  return true;
}
