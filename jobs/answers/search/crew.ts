/** The threads that work on an answer, from its first task to its last. */
import { workerFile } from "../../../formats/files/index.js";
import { GrowingLanes, type ThreadOptions } from "../../threads/index.js";
import type { Deployment, DetailedProbe, Point } from "../run/index.js";
import { runTask, type Kind, type Results, type Task, type TaskOf } from "./tasks.js";

export interface CrewOptions extends ThreadOptions {
  readonly onProgress?: ((done: number, atMost: number, what: string) => void) | undefined;
}

export interface Crew {
  /** Results in the order of the tasks. `what`: in words, for progress. */
  run<Name extends Kind>(kind: Name, tasks: readonly TaskOf<Name>[], what: string): Promise<Results[Name][]>;
  /** Runs of the deployment as it is. */
  details(points: readonly Point[], what: string): Promise<DetailedProbe[]>;
}

/**
 * Does `work` with a crew, and ends its threads whatever happens. `isLong`: the work takes long whatever the load, so the
 * threads are there from its beginning.
 */
export async function withCrew<T>(
  deployment: Deployment,
  { workers, signal, blocking, onProgress, isLong }: CrewOptions & { readonly isLong?: boolean },
  work: (crew: Crew) => Promise<T>,
): Promise<T> {
  const lanes = new GrowingLanes<Deployment, Task, Results[Kind]>({
    ...{ workers, signal, blocking, isLong },
    program: workerFile("answers"),
    base: deployment,
    work: runTask,
  });
  const run = <Name extends Kind>(kind: Name, tasks: readonly TaskOf<Name>[], what: string) => {
    const named = tasks.map((task) => ({ ...task, kind }) as unknown as Task);
    return lanes.run(named, (done) => onProgress?.(done, tasks.length, what)) as Promise<Results[Name][]>;
  };
  try {
    return await work({
      run,
      details: (points, what) =>
        run(
          "detail",
          points.map((point) => ({ point })),
          what,
        ),
    });
  } finally {
    await lanes.close();
  }
}
