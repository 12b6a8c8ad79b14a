/** Which row of a run a request id is in. Ids that are the numbers of their rows, as most are, need no index. */
import { ArtifactError } from "../../formats/index.js";
import type { RequestColumns } from "../../sim/metrics/index.js";

export class RequestIds {
  /** Absent: each id is the number of its row. */
  private readonly index: ReadonlyMap<string, number> | undefined;

  /** ArtifactError, with what the run is called, where an id is there twice. */
  constructor(
    private readonly columns: RequestColumns,
    name: string,
  ) {
    if (!isNumbered(columns)) this.index = indexOf(columns, name);
  }

  rowOf(id: string): number | undefined {
    if (this.index !== undefined) return this.index.get(id);
    const row = Number(id);
    return row < this.columns.rows && String(row) === id ? row : undefined;
  }

  sharesWith(other: RequestIds): boolean {
    const { rows, requestId } = this.columns;
    for (let row = 0; row < rows; row++) if (other.rowOf(requestId(row)) !== undefined) return true;
    return false;
  }
}

function isNumbered({ rows, requestId }: RequestColumns): boolean {
  for (let row = 0; row < rows; row++) if (requestId(row) !== String(row)) return false;
  return true;
}

function indexOf({ rows, requestId }: RequestColumns, name: string): Map<string, number> {
  const index = new Map<string, number>();
  for (let row = 0; row < rows; row++) {
    const id = requestId(row);
    if (index.has(id)) throw new ArtifactError(`${name} has request id "${id}" more than once`);
    index.set(id, row);
  }
  return index;
}
