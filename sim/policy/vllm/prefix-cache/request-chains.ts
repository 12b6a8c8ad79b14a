/**
 * The chains of requests (content-chain.ts): one is kept while its request is in the engine, and until the last of those that
 * follow it has come, which goes on from there. So a turn of a conversation names its new tokens only.
 */
import { InvariantError, type ContentRuns } from "../../../../formats/index.js";
import type { SchedulerRequest } from "../../step.js";
import { piecesFrom } from "./content-pieces.js";
import { Chain, ChainNode } from "./content-chain.js";

export class RequestChains {
  /** Followers still to come, by the request that they follow. */
  private readonly followers = new Map<number, number>();
  /** Of requests that others are to follow. */
  private readonly kept = new Map<number, Chain>();
  /** Chains that nobody needs, to be used again. */
  private readonly spare: Chain[] = [];
  /** Requests of different salts have no node in common. */
  private readonly saltedRoots = new Map<string, ChainNode>();

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
    const { follows, salt } = this.requests[index]!;
    const chain = this.spare.pop() ?? new Chain(this.root, this.blockSize);
    const before = follows === undefined ? undefined : this.kept.get(follows.index);
    if (salt !== undefined) chain.tip = this.saltedRoot(salt);
    if (before !== undefined) chain.begin(before, Math.min(follows!.tokens, before.tokens));
    this.name(index, chain);
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

  private saltedRoot(salt: string): ChainNode {
    const known = this.saltedRoots.get(salt);
    if (known !== undefined) return known;
    const root = new ChainNode();
    this.saltedRoots.set(salt, root);
    return root;
  }

  /** Adds a request's tokens to the beginning of its chain, up to the first that are like no other request's. */
  private name(index: number, chain: Chain): void {
    const { follows, promptTokens, outputTokens, content, answer } = this.requests[index]!;
    const begun = follows?.tokens ?? 0;
    if (chain.tokens >= begun) {
      if (addRuns(chain, content, begun, promptTokens))
        addRuns(chain, answer, promptTokens, promptTokens + outputTokens);
      return;
    }
    const { pieces, startsAt } = piecesFrom(this.requests, index, chain.tokens);
    let start = startsAt;
    for (const { runs, tokens } of pieces) {
      if (!addRuns(chain, runs, start, start + tokens)) return;
      start += tokens;
    }
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

/** Adds what is still missing of tokens `start` to `end`, which the runs name; false: nothing does. */
function addRuns(chain: Chain, runs: ContentRuns | undefined, start: number, end: number): boolean {
  if (start === end) return true;
  if (runs === undefined || runs.length === 0) return false;
  let at = start;
  for (let run = 0; run < runs.length && at < end; run++) {
    const next = runs[run]!;
    at = Math.min(at + next[1], end);
    if (at > chain.tokens) chain.add(next[0], at - chain.tokens);
  }
  if (at < end) throw new InvariantError(`the content of a prompt or answer ends ${end - at} tokens before its end`);
  return true;
}
