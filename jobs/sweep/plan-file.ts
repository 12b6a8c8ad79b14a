/**
 * plan.jsonl: the cells of a sweep, one a line, so that every process and machine that works on it, and whoever merges or asks for its
 * state, means the same ones. Cells that cannot be simulated carry the reason.
 */
import { existsSync } from "node:fs";
import { z } from "zod";
import { check, ConfigError, ArtifactError, defined, loadSchema } from "../../formats/index.js";
import { readJsonLines, writeLinesAtomic } from "../../formats/files/index.js";
import { CellIndex } from "./cell-index.js";
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

/** Replaces the plan; the same cells give the same bytes. Cells are written as they come. */
export async function writePlan(path: string, cells: Iterable<PlannedCell>): Promise<void> {
  const lines = function* (): Generator<string> {
    for (const cell of cells) yield planLine(cell);
  };
  await writeLinesAtomic(path, lines());
}

function planLine({ id, policy, label, settings, profile, load, seed, replicas, impossible }: PlannedCell): string {
  return JSON.stringify({ id, policy, label, settings, profile, load, seed, replicas, ...defined({ impossible }) });
}

/** The cells of a plan one by one, each checked. ConfigError where there is no plan. */
export async function* eachPlanned(path: string): AsyncGenerator<PlannedCell> {
  if (!existsSync(path)) throw new ConfigError(`${path} does not exist; make it with servesim sweep plan`);
  let cells = 0;
  for await (const { value, line } of readJsonLines(path, "a cell of the plan", { isWhole: true })) {
    cells++;
    yield check(plannedCellSchema, value, { source: `${path}:${line}`, Failure: ArtifactError });
  }
  if (cells === 0) throw new ArtifactError(`${path} has no cells; make it again with servesim sweep plan --force`);
}

/** A plan on disk: it is read again for its cells, only their names are kept. */
export class PlanFile {
  private constructor(
    private readonly path: string,
    private readonly ids: CellIndex,
  ) {}

  /** Checks all of it. ConfigError where there is none. */
  static async open(path: string, onCell: (cell: PlannedCell) => void = () => undefined): Promise<PlanFile> {
    const ids = new CellIndex();
    for await (const cell of eachPlanned(path)) {
      const place = ids.length;
      if (ids.add(cell.id) !== place) throw new ArtifactError(`${path}:${place + 1}: cell ${cell.id} appears twice`);
      onCell(cell);
    }
    return new PlanFile(path, ids);
  }

  get length(): number {
    return this.ids.length;
  }

  placeOf(id: string): number | undefined {
    return this.ids.placeOf(id);
  }

  /** In order; they were checked when it was opened. */
  async *[Symbol.asyncIterator](): AsyncGenerator<PlannedCell> {
    for await (const { value } of readJsonLines(this.path, "a cell of the plan")) yield value as PlannedCell;
  }
}

/**
 * The cells that the plan on disk has after these, if it begins with them; undefined: there is no plan. ConfigError where it has
 * others.
 */
export async function addedOnDisk(
  path: string,
  cells: { readonly length: number; placeOf(id: string): number | undefined },
): Promise<PlannedCell[] | undefined> {
  if (!existsSync(path)) return undefined;
  const added: PlannedCell[] = [];
  let place = 0;
  let isSame = true;
  for await (const cell of eachPlanned(path)) {
    if (place >= cells.length) added.push(cell);
    else isSame = cells.placeOf(cell.id) === place;
    if (!isSame) break;
    place++;
  }
  if (isSame && place >= cells.length) return added;
  throw new ConfigError(
    `${path} is the plan of other cells (the sweep, a profile, a trace or servesim has changed since); give the sweep another ` +
      "name, another --results, or pass --force, which keeps the rows of cells that are the same",
  );
}
