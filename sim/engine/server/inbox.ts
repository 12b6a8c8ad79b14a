/** An engine's input queue: requests that reached it, and news of clients that gave up. Times do not go back. */
import { Fifo, TimedRing } from "../../kernel/index.js";

export class Inbox {
  private readonly requests = new TimedRing();
  /** When they reached the server. */
  private readonly reached = new TimedRing();
  private readonly givenUp = new Fifo<{ readonly index: number; readonly atNs: number }>();
  /** Given up before the engine had them. */
  private readonly early = new Set<number>();

  get length(): number {
    return this.requests.length;
  }

  /** When the next request is here; Infinity without any. */
  get nextNs(): number {
    return this.requests.nextNs;
  }

  /** When it reached the server. */
  get nextArrivalNs(): number {
    return this.reached.nextNs;
  }

  push(index: number, arrivalNs: number, atNs: number): void {
    this.requests.push(index, atNs);
    this.reached.push(index, arrivalNs);
  }

  /** Takes the next request out; there is one. */
  shift(): number {
    this.reached.shift();
    return this.requests.shift();
  }

  /** The engine hears at `atNs` that the client of a request gave up. */
  giveUp(index: number, atNs: number): void {
    this.givenUp.push({ index, atNs });
  }

  /** The next request that was given up, of those that the engine has heard of by then. */
  takeGivenUp(atNs: number): number | undefined {
    const next = this.givenUp.peek();
    if (next === undefined || next.atNs > atNs) return undefined;
    this.givenUp.shift();
    return next.index;
  }

  /** The engine did not have a request that was given up. */
  givenUpEarly(index: number): void {
    this.early.add(index);
  }

  /** Whether a request was given up before the engine had it; asked once. */
  wasGivenUp(index: number): boolean {
    return this.early.size > 0 && this.early.delete(index);
  }
}
