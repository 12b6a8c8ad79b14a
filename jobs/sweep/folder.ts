/** Where a sweep is kept: its plan, the rows of the processes that work on it, and what they were merged into. */
import { join } from "node:path";

export interface SweepFolder {
  readonly root: string;
  /** One line for each cell, in order; those added by refinement at the end. */
  readonly plan: string;
  /** Files of rows, one of each process. */
  readonly parts: string;
  readonly csv: string;
  readonly parquet: string;
}

export function sweepFolder(results: string, name: string): SweepFolder {
  const root = join(results, name);
  return {
    root,
    plan: join(root, "plan.jsonl"),
    parts: join(root, "parts"),
    csv: join(root, "sweep.csv"),
    parquet: join(root, "sweep.parquet"),
  };
}
