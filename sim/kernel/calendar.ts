/**
 * The event calendar: what happens next, ordered by (time, class, order of scheduling). It knows nothing of serving.
 * Times are whole nanoseconds; classes break ties at one instant (a lower class first). Binary heap over parallel
 * arrays, so an event costs no object. Shape after SimPy's environment: one queue, one clock that never goes back.
 */
import { ConfigError, InvariantError } from "../../formats/index.js";

export class Calendar {
  /** Time of the event last taken, ns. */
  nowNs = 0;
  /** Class of the event last taken. */
  eventClass = 0;
  /** Number that the event last taken was scheduled with; its class defines the meaning. */
  payload = 0;

  private sequence = 0;
  private readonly times: number[] = [];
  private readonly classes: number[] = [];
  private readonly sequences: number[] = [];
  private readonly payloads: number[] = [];

  get size(): number {
    return this.times.length;
  }

  /** Time of the next event, Infinity when there is none. */
  get nextNs(): number {
    return this.times[0] ?? Infinity;
  }

  /** Class of the next event, Infinity when there is none. */
  get nextClass(): number {
    return this.classes[0] ?? Infinity;
  }

  /**
   * Schedules an event. A time in the past, NaN or a fraction is our bug: InvariantError; one beyond 104 days is not.
   */
  schedule(timeNs: number, eventClass: number, payload = 0): void {
    if (timeNs > Number.MAX_SAFE_INTEGER && timeNs !== Infinity) {
      throw new ConfigError(
        `something would last until ${timeNs} ns, expected at most 104 days, up to which nanoseconds are whole numbers; ` +
          "take fewer requests, shorter pauses or timeouts, or correct the profile's costs",
      );
    }
    if (!Number.isSafeInteger(timeNs) || timeNs < this.nowNs) {
      throw new InvariantError(`event of class ${eventClass} scheduled for ${timeNs} ns at ${this.nowNs} ns`);
    }
    this.times.push(timeNs);
    this.classes.push(eventClass);
    this.sequences.push(this.sequence++);
    this.payloads.push(payload);
    this.siftUp(this.times.length - 1);
  }

  /** Moves the clock to the next event and takes it; false when the calendar is empty. */
  advance(): boolean {
    if (this.times.length === 0) return false;
    this.nowNs = this.times[0]!;
    this.eventClass = this.classes[0]!;
    this.payload = this.payloads[0]!;
    const last = this.times.length - 1;
    this.swap(0, last);
    this.times.pop();
    this.classes.pop();
    this.sequences.pop();
    this.payloads.pop();
    if (last > 0) this.siftDown(0);
    return true;
  }

  private before(a: number, b: number): boolean {
    if (this.times[a] !== this.times[b]) return this.times[a]! < this.times[b]!;
    if (this.classes[a] !== this.classes[b]) return this.classes[a]! < this.classes[b]!;
    return this.sequences[a]! < this.sequences[b]!;
  }

  private siftUp(start: number): void {
    let child = start;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!this.before(child, parent)) return;
      this.swap(child, parent);
      child = parent;
    }
  }

  private siftDown(start: number): void {
    let parent = start;
    for (;;) {
      const left = 2 * parent + 1;
      if (left >= this.times.length) return;
      const right = left + 1;
      const child = right < this.times.length && this.before(right, left) ? right : left;
      if (!this.before(child, parent)) return;
      this.swap(child, parent);
      parent = child;
    }
  }

  private swap(a: number, b: number): void {
    for (const column of [this.times, this.classes, this.sequences, this.payloads]) {
      const value = column[a]!;
      column[a] = column[b]!;
      column[b] = value;
    }
  }
}
