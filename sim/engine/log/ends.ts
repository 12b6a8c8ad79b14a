/**
 * Requests that are complete, in the order in which their last chunks reach their clients. Several may lie ahead: a first
 * chunk is written after others of its job, and where it is the last one, or takes the last token along, the end waits for it.
 */
import { TimedRing } from "../../kernel/index.js";

export class Ends {
  private readonly inOrder = new TimedRing();

  get length(): number {
    return this.inOrder.length;
  }

  /** When the first of them ends; Infinity without any. */
  get nextNs(): number {
    return this.inOrder.nextNs;
  }

  /** The last chunk of a request has left the server. Equals stay in the order in which they came. */
  push(index: number, atNs: number): void {
    this.inOrder.insert(index, atNs);
  }

  /** Takes the first out; there is one. */
  shift(): number {
    return this.inOrder.shift();
  }
}
