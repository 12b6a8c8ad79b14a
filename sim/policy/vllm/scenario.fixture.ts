/** What the tests of the scheduler build on: limits with roomy defaults, and a driver that writes steps as text. */
import type { SchedulerLimits } from "./limits.js";
import type { SchedulerRequest } from "../step.js";
import type { Step } from "./scheduler/index.js";
import { VllmScheduler } from "./vllm-scheduler.js";
import { DEFAULT_VERSION, rulesOf } from "./versions.js";

/** Synchronous, prefix caching off, 999 usable blocks of 16. */
export const roomy: SchedulerLimits = {
  rules: rulesOf(DEFAULT_VERSION),
  asyncScheduling: false,
  maxNumSeqs: 16,
  maxNumBatchedTokens: 8192,
  blockSize: 16,
  numGpuBlocks: 1000,
  maxModelLen: 2048,
  chunkedPrefill: true,
  prefixCaching: false,
  longPrefillTokenThreshold: 0,
  schedulingPolicy: "fcfs",
  watermark: 0,
  reserveFullIsl: true,
};

/** A prompt of one token id repeated: equal ids share prefixes. */
export function prompt(
  tokenId: number,
  tokens: number,
  outputs: number,
  more: Partial<SchedulerRequest> = {},
): SchedulerRequest {
  return { promptTokens: tokens, outputTokens: outputs, content: [[tokenId, tokens]], ...more };
}

export class Scenario {
  readonly scheduler: VllmScheduler;
  readonly inFlight: Step[] = [];

  /** All requests are added at once, unless `added` says how many of them. */
  constructor(change: Partial<SchedulerLimits>, requests: readonly SchedulerRequest[], added = requests.length) {
    const options = { saysWork: true, findsAnswers: true };
    this.scheduler = new VllmScheduler({ ...roomy, ...change }, requests, options);
    for (let index = 0; index < added; index++) this.scheduler.add(index, index);
  }

  add(index: number): void {
    this.scheduler.add(index, index);
  }

  /** A pass as "request:tokens", a * where it samples, -request where it preempts. */
  schedule(): string {
    const step = this.scheduler.schedule();
    this.inFlight.push(step);
    const scheduled = step.work.map(({ index, tokens, samples }) => `${index}:${tokens}${samples ? "*" : ""}`);
    return [...scheduled, ...step.preempted.map((index) => `-${index}`)].join(" ");
  }

  /** Updates the oldest step: "request" for an output kept, "request=end" for an end. */
  update(): string {
    const step = this.inFlight.shift()!;
    const ends = this.scheduler.update(step).map((index) => `${index}=end`);
    return [...this.scheduler.deliveredOf(step).map(String), ...ends].join(" ");
  }

  /** A pass and its update. */
  step(): string {
    const scheduled = this.schedule();
    this.update();
    return scheduled;
  }

  /** Passes with work in them until nothing is left, as the scheduler's own loop would run them. */
  run(): string[] {
    const steps: string[] = [];
    for (;;) {
      if (this.scheduler.hasWork()) {
        const scheduled = this.schedule();
        if (scheduled !== "") steps.push(scheduled);
        if (scheduled !== "" && this.inFlight.length < this.scheduler.depth) continue;
      }
      if (this.inFlight.length === 0) return steps;
      this.update();
    }
  }

  get running(): number[] {
    return this.scheduler.allRunning().map(({ index }) => index);
  }

  get waiting(): number[] {
    return this.scheduler.allWaiting().map(({ index }) => index);
  }

  blocks(index: number): readonly number[] {
    return this.scheduler.blocksOf(index);
  }

  /** Free KV blocks, next to be taken first. */
  freeQueue(): readonly number[] {
    return this.scheduler.cached!.freeQueue();
  }

  /** Tokens that a request had in the passes of a run, in all. */
  tokensOf(index: number, steps: readonly string[]): number {
    return steps
      .flatMap((step) => step.split(" "))
      .filter((part) => part.startsWith(`${index}:`))
      .reduce((sum, part) => sum + parseInt(part.split(":")[1]!), 0);
  }
}
