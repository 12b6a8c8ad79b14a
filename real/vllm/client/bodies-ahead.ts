/**
 * Request bodies made before they are due, so that sending one costs no more than writing it: as many as fit in a bound
 * of memory before the run, then one for each that was taken, between two turns of the event loop.
 */
import type { WorkloadRequest } from "../../../formats/index.js";
import { requestBody, type BodyOptions } from "./request-body.js";

const MAX_BYTES_AHEAD = 128 * 2 ** 20;

export class BodiesAhead {
  private readonly ready = new Map<number, Buffer>();
  private bytes = 0;
  private next = 0;
  private isFilling = false;

  constructor(
    private readonly requests: readonly WorkloadRequest[],
    private readonly options: BodyOptions,
  ) {}

  /** Fills up before the run. */
  fill(): void {
    while (this.makeOne());
  }

  /** The body of a request; bodies are taken in the order of the requests. */
  take(index: number): Buffer {
    const body = this.ready.get(index);
    this.ready.delete(index);
    if (body === undefined) {
      this.next = Math.max(this.next, index + 1);
      return requestBody(this.requests[index]!, this.options);
    }
    this.bytes -= body.length;
    this.refillSoon();
    return body;
  }

  private refillSoon(): void {
    if (this.isFilling || this.next >= this.requests.length) return;
    this.isFilling = true;
    setImmediate(() => {
      this.isFilling = false;
      if (this.makeOne()) this.refillSoon();
    });
  }

  private makeOne(): boolean {
    if (this.next >= this.requests.length || this.bytes >= MAX_BYTES_AHEAD) return false;
    const index = this.next++;
    const body = requestBody(this.requests[index]!, this.options);
    this.ready.set(index, body);
    this.bytes += body.length;
    return true;
  }
}
