/**
 * plan.jsonl: the cells of a sweep, one a line, so that every process and machine that works on it, and whoever merges or asks for its
 * state, means the same ones. Cells that cannot be simulated carry the reason.
 */
import { existsSync } from "node:fs";
import { z } from "zod";
import { check, ConfigError, ArtifactError, defined, loadSchema } from "../../formats/index.js";
import { readJsonLines, writeLinesAtomic } from "../../formats/files/index.js";
import type { SweepCell } from "./cells.js";

export interface PlannedCell extends SweepCell {
  /** Absent: it can be simulated. */
  readonly impossible?: string | undefined;
}

const plannedCellSchema = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{16}$/),
  policy: z.string(),
  label: z.string(),
  settings: z.record(z.string(), z.unknown()),
  profile: z.string(),
  load: loadSchema,
  seed: z.string(),
  replicas: z.int().positive(),
  impossible: z.string().optional(),
});

/** Replaces the plan; the same cells give the same bytes. */
export async function writePlan(path: string, cells: readonly PlannedCell[]): Promise<void> {
  await writeLinesAtomic(path, cells.map(planLine));
}

function planLine({ id, policy, label, settings, profile, load, seed, replicas, impossible }: PlannedCell): string {
  return JSON.stringify({ id, policy, label, settings, profile, load, seed, replicas, ...defined({ impossible }) });
}

export async function readPlan(path: string): Promise<PlannedCell[]> {
  if (!existsSync(path)) throw new ConfigError(`${path} does not exist; make it with servesim sweep plan`);
  const cells: PlannedCell[] = [];
  for await (const { value, line } of readJsonLines(path, "a cell of the plan")) {
    cells.push(check(plannedCellSchema, value, { source: `${path}:${line}`, Failure: ArtifactError }));
  }
  return cells;
}

/** The plan that is there, if it begins with these cells; undefined: there is none. ConfigError where it has others. */
export async function planOnDisk(
  path: string,
  cells: readonly PlannedCell[],
): Promise<readonly PlannedCell[] | undefined> {
  if (!existsSync(path)) return undefined;
  const kept = await readPlan(path);
  if (cells.every(({ id }, at) => kept[at]?.id === id)) return kept;
  throw new ConfigError(
    `${path} is the plan of other cells (the sweep, a profile, a trace or servesim has changed since); give the sweep another ` +
      "name, another --results, or pass --force, which keeps the rows of cells that are the same",
  );
}
