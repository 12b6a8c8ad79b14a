/**
 * Lanes of a job whose length may not be known: this thread alone, and when its tasks turn out to take long, worker threads in
 * its place. A short job is over before a thread has compiled its code, which takes a core half a second to a second.
 */
import { availableParallelism } from "node:os";
import { asUsual, ownLane, workerLane, type Blocking, type Lane } from "./lanes.js";
import { spread } from "./spread.js";

/** Tasks that this thread does before it judges by them: the first are slow, since their code is not compiled. */
const FIRST_TASKS = 3;
/** Work of this thread that is worth two threads, and any number of them, ms. */
const WORTH_TWO_MS = 2600;
const WORTH_ANY_MS = 700;
const REMEDY = "with fewer requests (--num-prompts) it needs less memory";

/** How a job uses threads. The results do not depend on it. */
export interface ThreadOptions {
  /** Threads; 1: this one; absent: one for each core. */
  readonly workers?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Runs work that blocks this thread, and with it the handling of signals. */
  readonly blocking?: Blocking | undefined;
}

export interface GrowingLanesInput<Base, Task, Result> extends ThreadOptions {
  /** The job is known to be long: it begins in threads. */
  readonly isLong?: boolean | undefined;
  /** What a worker thread runs; it serves `work`. */
  readonly program: string;
  readonly base: Base;
  readonly work: (base: Base, task: Task) => Result;
}

export class GrowingLanes<Base, Task, Result> {
  private lanes: readonly Lane<Task, Result>[];
  private readonly workers: number;
  private readonly worthMs: number;
  private isGrown: boolean;
  /** Of this thread: tasks done, and how long the latest took. */
  private done = 0;
  private latestMs = 0;

  constructor(private readonly input: GrowingLanesInput<Base, Task, Result>) {
    const { workers = availableParallelism(), isLong = false, blocking = asUsual } = input;
    this.workers = workers;
    this.worthMs = Math.max(WORTH_ANY_MS, WORTH_TWO_MS / (workers - 1));
    this.isGrown = isLong || workers <= 1;
    this.lanes = isLong && workers > 1 ? this.threads() : [ownLane((task) => blocking(() => this.timed(task)))];
  }

  /** Results in the order of the tasks; rejects with the first error, or when the signal aborts. */
  run(tasks: readonly Task[], onDone: (done: number) => void = () => undefined): Promise<Result[]> {
    const { signal } = this.input;
    return spread(this.lanes, tasks, { signal, onDone, successors: (left) => this.successors(left) });
  }

  async close(): Promise<void> {
    await Promise.all(this.lanes.map((lane) => lane.close()));
  }

  private timed(task: Task): Result {
    const { work, base } = this.input;
    const beganMs = performance.now();
    const result = work(base, task);
    this.latestMs = performance.now() - beganMs;
    this.done++;
    return result;
  }

  private successors(left: number): readonly Lane<Task, Result>[] {
    const { done, latestMs, worthMs } = this;
    const isKnown = done >= FIRST_TASKS || latestMs >= worthMs;
    if (this.isGrown || !isKnown || left * latestMs < worthMs) return [];
    this.isGrown = true;
    this.lanes = this.threads();
    return this.lanes;
  }

  private threads(): readonly Lane<Task, Result>[] {
    const { program, base } = this.input;
    return Array.from({ length: this.workers }, () => workerLane<Task, Result>(program, base, REMEDY));
  }
}
