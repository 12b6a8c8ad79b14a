/**
 * Whose turn it is among replicas on one clock: which one may be next to end a request, and which one has ended one. A replica
 * is asked only after it moved. Times in ns.
 */
import type { Replica } from "./replica.js";
import type { ServerLoop } from "../server/index.js";

export class Turns {
  /** The replica that goes on first, the time before which no request of its ends, and that of the next replica. */
  first = 0;
  quietNs = Infinity;
  secondNs = Infinity;
  /** The replica that ended a request first, and when; Infinity: none has. */
  ender = 0;
  endNs = Infinity;
  /** By replica: its quiet time, and the time of its first end. */
  private readonly quiet: number[] = [];
  private readonly ends: number[] = [];

  constructor(private readonly replicas: readonly Replica[]) {
    this.allMoved();
  }

  /** A replica did something, or something was done to it. */
  moved(replica: number): void {
    const { loop } = this.replicas[replica]!;
    this.quiet[replica] = loop.quietUntilNs();
    this.ended(replica);
  }

  /** Its first end was taken. */
  ended(replica: number): void {
    this.ends[replica] = this.replicas[replica]!.loop.ended.nextNs;
  }

  /** Any of them did, and there may be more of them. */
  allMoved(): void {
    for (let replica = 0; replica < this.replicas.length; replica++) this.moved(replica);
  }

  /**
   * Looks whose turn it is. Of those with one quiet time the one with something to do before it goes first, then the front ends,
   * then the engines.
   */
  look(): void {
    const { quiet, ends } = this;
    let [first, quietNs, secondNs, ender, endNs] = [0, Infinity, Infinity, 0, Infinity];
    for (let at = 0; at < quiet.length; at++) {
      const untilNs = quiet[at]!;
      if (untilNs < quietNs || (untilNs === quietNs && this.isBefore(at, first))) {
        secondNs = quietNs;
        quietNs = untilNs;
        first = at;
      } else if (untilNs < secondNs) secondNs = untilNs;
      if (ends[at]! < endNs) {
        endNs = ends[at]!;
        ender = at;
      }
    }
    this.first = first;
    this.quietNs = quietNs;
    this.secondNs = secondNs;
    this.ender = ender;
    this.endNs = endNs;
  }

  private isBefore(replica: number, other: number): boolean {
    const one: ServerLoop = this.replicas[replica]!.loop;
    const another: ServerLoop = this.replicas[other]!.loop;
    const [oneNs, anotherNs] = [one.nextNs(), another.nextNs()];
    return oneNs < anotherNs || (oneNs === anotherNs && one.nextIsFrontEnd() && !another.nextIsFrontEnd());
  }
}
