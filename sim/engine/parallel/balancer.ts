/**
 * How a front end chooses the data parallel rank of a request: the lowest score by the counts that it knows of. Until new
 * counts are published it adds what it has sent itself. Source: vllm/v1/engine/core_client.py, DPLBAsyncMPClient
 * (behaviour). Times in ns.
 */
import type { DataParallel } from "../../policy/index.js";
import { Coordinator, type RankCounts } from "./rank-counts.js";

/** A rank as the front end counts it. */
interface Known {
  waiting: number;
  readonly running: number;
  readonly kvFraction: number;
}

/** Before 0.32: how many running requests a waiting one counts as. */
const WAITING_WEIGHT = 4;
/** From 0.32 on: what KV usage beyond a half adds to each waiting request, times that usage. */
const KV_PRESSURE = 6;
const KV_AT_EASE = 0.5;

export class Balancer {
  readonly coordinator: Coordinator;
  private seen: readonly RankCounts[];
  private known: Known[];
  /** Sent to each rank and not yet seen complete. */
  private readonly inFlight: number[];
  /** The rank looked at first. */
  private first = 0;

  constructor(private readonly parallel: Pick<DataParallel, "ranks" | "isLockstep" | "rules">) {
    this.coordinator = new Coordinator(parallel.ranks, parallel.isLockstep);
    this.seen = this.coordinator.published;
    this.known = this.seen.map((counts) => ({ ...counts }));
    this.inFlight = new Array<number>(parallel.ranks).fill(0);
  }

  /** The rank of a request that goes to the engines now. */
  choose(nowNs: number): number {
    const { coordinator, parallel } = this;
    coordinator.advance(nowNs);
    if (coordinator.published !== this.seen) {
      this.seen = coordinator.published;
      this.known = this.seen.map((counts) => ({ ...counts }));
    }
    const { known } = this;
    let chosen = 0;
    let least = Infinity;
    for (let at = 0; at < parallel.ranks; at++) {
      const rank = (this.first + at) % parallel.ranks;
      const score = this.score(known[rank]!, rank);
      if (score < least) [chosen, least] = [rank, score];
    }
    known[chosen]!.waiting++;
    this.inFlight[chosen]!++;
    if (parallel.rules.countsInFlight) this.first = (this.first + 1) % parallel.ranks;
    return chosen;
  }

  /** The front end has seen a request of the rank complete. */
  completed(rank: number): void {
    this.inFlight[rank]!--;
  }

  private score({ waiting, running, kvFraction }: Known, rank: number): number {
    if (!this.parallel.rules.countsInFlight) return WAITING_WEIGHT * waiting + running;
    const pressure = KV_PRESSURE * Math.max(0, kvFraction - KV_AT_EASE);
    return Math.max(this.inFlight[rank]!, waiting + running) + waiting * pressure;
  }
}
