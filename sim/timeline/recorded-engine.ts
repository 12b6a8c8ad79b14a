/** Records what an engine of steps does: its steps, its counts after every pass, and the phases of its requests. */
import type { ObservedPass, StepObserver } from "../engine/index.js";
import type { EngineTimeline, PhaseStart, TimelineWork } from "./timeline.js";

class Marks {
  readonly phases: PhaseStart[] = [];
  firstPlace: number | undefined;

  constructor(readonly engine: number) {}

  begin(phase: PhaseStart["phase"], atNs: number): void {
    this.phases.push({ phase, atNs });
  }

  get phase(): PhaseStart["phase"] | undefined {
    return this.phases.at(-1)?.phase;
  }
}

interface PassCounts {
  readonly atNs: number;
  readonly running: number;
  readonly waiting: number;
  readonly freeBlocks: number;
}

export class RecordedEngine implements StepObserver {
  /** By index in the workload. */
  readonly requests = new Map<number, Marks>();
  private readonly work: TimelineWork[] = [];
  private readonly passes: PassCounts[] = [];

  /** `engine`: its number. */
  constructor(private readonly engine: number) {}

  queued(index: number): void {
    this.requests.set(index, new Marks(this.engine));
  }

  taken(): void {
    // A request is in its queue before and after.
  }

  scheduled(pass: ObservedPass): void {
    const { startNs: atNs, step, assignments, gpuNs, gpuEndNs, running, waiting, freeBlocks } = pass;
    this.passes.push({ atNs, running, waiting, freeBlocks });
    for (const index of step.preempted) this.requests.get(index)!.begin("preempted", atNs);
    for (const index of step.admitted) this.requests.get(index)!.begin("prefill", atNs);
    if (step.scheduledTokens === 0) return;
    const place = this.work.length;
    // A step that is launched while the one before still runs has the GPU when that one ends.
    const startNs = Math.max(this.work.at(-1)?.endNs ?? 0, gpuEndNs - gpuNs);
    const { scheduledTokens: tokens, prefillTokens, decodeRequests, scheduledRequests: requests } = step;
    this.work.push({ startNs, endNs: gpuEndNs, tokens, prefillTokens, decodeRequests, requests });
    for (const { index, samples } of assignments) {
      const request = this.requests.get(index)!;
      request.firstPlace ??= place;
      if (samples && request.phase === "prefill") request.begin("decode", gpuEndNs);
    }
  }

  sent(): void {
    // Outputs are in the run's records.
  }

  /** `kvBlocks`: all that an engine has. */
  timeline(kvBlocks: number): EngineTimeline {
    const { work, passes } = this;
    return {
      work,
      counts: passes.map(({ freeBlocks, ...counts }) => ({ ...counts, kvBlocks: kvBlocks - freeBlocks })),
    };
  }
}
