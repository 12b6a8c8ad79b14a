/** The running list in admission order: a linked list over request indices, so that any request leaves in O(1). */

const NONE = -1;

export class RunningList {
  length = 0;
  private first = NONE;
  private last = NONE;
  private readonly nextOf: Int32Array;
  private readonly previousOf: Int32Array;

  constructor(capacity: number) {
    this.nextOf = new Int32Array(capacity);
    this.previousOf = new Int32Array(capacity);
  }

  /** First request, or -1. */
  get head(): number {
    return this.first;
  }

  /** Latest admitted request, or -1. */
  get tail(): number {
    return this.last;
  }

  /** The request admitted next after this one, or -1. */
  next(request: number): number {
    return this.nextOf[request]!;
  }

  push(request: number): void {
    this.nextOf[request] = NONE;
    this.previousOf[request] = this.last;
    if (this.last === NONE) this.first = request;
    else this.nextOf[this.last] = request;
    this.last = request;
    this.length++;
  }

  remove(request: number): void {
    const next = this.nextOf[request]!;
    const previous = this.previousOf[request]!;
    if (previous === NONE) this.first = next;
    else this.nextOf[previous] = next;
    if (next === NONE) this.last = previous;
    else this.previousOf[next] = previous;
    this.length--;
  }
}
