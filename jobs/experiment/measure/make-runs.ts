/** Real runs of cells, one after another, each kept as soon as it is finished. */
import type { Run } from "../../../formats/index.js";
import { watchRun } from "../../../real/index.js";
import type { Reporter } from "../../inputs/index.js";
import type { CellWorkload } from "../cells.js";
import { writeReusable, type RunPlace } from "../reuse-run.js";

export interface RealTask extends CellWorkload {
  readonly place: RunPlace;
  readonly repeat: number;
}

type OnProgress = ReturnType<typeof watchRun>["onProgress"];

/** Measures a run while its progress is shown. */
export type Watched = (measure: (onProgress: OnProgress) => Promise<Run>) => Promise<Run>;

export async function makeRuns(
  tasks: readonly RealTask[],
  { title, reporter }: { readonly title: string; readonly reporter: Reporter },
  make: (task: RealTask, watched: Watched) => Promise<Run>,
): Promise<void> {
  const total = tasks.reduce((sum, { workload }) => sum + workload.requests.length, 0);
  const bar = reporter.progress(title);
  let before = 0;
  try {
    for (const task of tasks) {
      const { cell, workload, place, repeat } = task;
      const run = await make(task, (measure) => {
        const { onProgress, stop } = watchRun(workload, (ended, figures) => {
          bar.update(before + ended, total, `${cell.name} repeat ${repeat}${figures === "" ? "" : `: ${figures}`}`);
        });
        return measure(onProgress).finally(stop);
      });
      before += workload.requests.length;
      await writeReusable(place, run);
      for (const reason of run.info.valid?.reasons ?? []) reporter.warn(`${place.path}: ${reason}`);
    }
  } finally {
    bar.stop();
  }
}
