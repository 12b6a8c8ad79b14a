/** The threads that work on an answer, from its first task to its last. */
import { availableParallelism } from "node:os";
import { workerFile } from "../../formats/files/index.js";
import { asUsual, GrowingLanes, type Blocking } from "../threads/index.js";
import type { AutoscaledRun } from "./autoscaled.js";
import type { Deployment } from "./deployment.js";
import {
  runTask,
  type AnswerResult,
  type AnswerTask,
  type AutoscaleTask,
  type DetailTask,
  type EdgeResult,
  type EdgeTask,
  type FewestResult,
  type FewestTask,
} from "./tasks.js";
import type { DetailedProbe } from "./probe.js";

export interface CrewOptions {
  /** Threads; 1: this one; absent: one for each core. What comes out does not depend on it. */
  readonly workers?: number | undefined;
  /** Whether the work takes long whatever the load: threads from the beginning, not only where they prove worth it. */
  readonly isLong?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Runs work that blocks this thread, and with it the handling of signals. */
  readonly blocking?: Blocking | undefined;
  onProgress?(done: number, atMost: number, what: string): void;
}

export class Crew {
  private readonly lanes: GrowingLanes<Deployment, AnswerTask, AnswerResult>;

  constructor(
    deployment: Deployment,
    private readonly options: CrewOptions,
  ) {
    this.lanes = new GrowingLanes({
      workers: options.workers ?? availableParallelism(),
      isLong: options.isLong === true,
      program: workerFile("answers"),
      base: deployment,
      remedy: "with fewer requests (--num-prompts) it needs less memory",
      work: runTask,
      blocking: options.blocking ?? asUsual,
    });
  }

  /** Results in the order of the tasks. `what`: in words, for progress. */
  edges(tasks: readonly EdgeTask[], what: string): Promise<EdgeResult[]> {
    return this.all(tasks, what) as Promise<EdgeResult[]>;
  }

  details(tasks: readonly DetailTask[], what: string): Promise<DetailedProbe[]> {
    return this.all(tasks, what) as Promise<DetailedProbe[]>;
  }

  fewest(tasks: readonly FewestTask[], what: string): Promise<FewestResult[]> {
    return this.all(tasks, what) as Promise<FewestResult[]>;
  }

  autoscaled(tasks: readonly AutoscaleTask[], what: string): Promise<AutoscaledRun[]> {
    return this.all(tasks, what) as Promise<AutoscaledRun[]>;
  }

  close(): Promise<void> {
    return this.lanes.close();
  }

  private all(tasks: readonly AnswerTask[], what: string): Promise<AnswerResult[]> {
    const { options } = this;
    return this.lanes.run(tasks, {
      signal: options.signal,
      onDone: (done) => options.onProgress?.(done, tasks.length, what),
    });
  }
}

/** Does `work` with a crew, and lets it go whatever happens. */
export async function withCrew<T>(
  deployment: Deployment,
  options: CrewOptions,
  work: (crew: Crew) => Promise<T>,
): Promise<T> {
  const crew = new Crew(deployment, options);
  try {
    return await work(crew);
  } finally {
    await crew.close();
  }
}
