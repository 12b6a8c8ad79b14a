/**
 * Lanes of a job whose length may not be known: this thread alone, and when its tasks turn out to take long, worker threads in
 * its place. Until a thread has compiled its code, which takes a core from half a second to a second, a short job is over.
 */
import type { Blocking } from "./blocking.js";
import { ownLane, workerLane, type Lane } from "./lanes.js";
import { spread, type SpreadOptions } from "./spread.js";

/** Tasks that this thread does before it judges by them: the first are slow, since their code is not compiled. */
const FIRST_TASKS = 3;
/** Work of this thread that is worth two threads, and any number of them, ms. */
const WORTH_TWO_MS = 2600;
const WORTH_ANY_MS = 700;

export interface GrowingLanesInput<Base, Task, Result> {
  /** Threads in the end; 1: this one. */
  readonly workers: number;
  /** Whether the job is known to be long: the threads are there from its beginning. */
  readonly isLong: boolean;
  /** What a worker thread runs; it serves `work`. */
  readonly program: string;
  readonly base: Base;
  /** What to do when a thread dies. */
  readonly remedy: string;
  readonly work: (base: Base, task: Task) => Result;
  /** Runs the work of this thread. */
  readonly blocking: Blocking;
}

export class GrowingLanes<Base, Task, Result> {
  private lanes: readonly Lane<Task, Result>[];
  private readonly worthMs: number;
  private isGrown: boolean;
  /** Of this thread: tasks done, and how long the latest took. */
  private done = 0;
  private latestMs = 0;

  constructor(private readonly input: GrowingLanesInput<Base, Task, Result>) {
    const { workers, isLong, blocking } = input;
    this.worthMs = Math.max(WORTH_ANY_MS, WORTH_TWO_MS / (workers - 1));
    this.isGrown = isLong || workers <= 1;
    this.lanes = isLong && workers > 1 ? this.threads() : [ownLane((task) => blocking(() => this.timed(task)))];
  }

  /** Results in the order of the tasks; rejects with the first error. */
  run(tasks: readonly Task[], options: Omit<SpreadOptions<Task, Result>, "successors">): Promise<Result[]> {
    return spread(this.lanes, tasks, { ...options, successors: (left) => this.successors(left) });
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
    const { workers, program, base, remedy } = this.input;
    return Array.from({ length: workers }, () => workerLane<Task, Result>(program, base, remedy));
  }
}
