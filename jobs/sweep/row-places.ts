/**
 * Where the row of each cell of a plan is among the files of rows: some twenty bytes for each, so that the rows can be read again in
 * the plan's order.
 */
import { closeSync, openSync, readSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { ArtifactError } from "../../formats/index.js";
import { eachRow } from "./parts.js";
import type { SweepRow } from "./row.js";
import type { PlannedSource } from "./status.js";
import type { SweepFolder } from "./folder.js";

/** Open files at a time. */
const MOST_OPEN = 64;

export class RowPlaces {
  private readonly paths: string[] = [];
  /** Numbers of files plus one; 0: the cell has no row. */
  private readonly files: Uint32Array;
  private readonly offsets: Float64Array;
  private readonly bytes: Uint32Array;
  private readonly failed: Uint8Array;
  private readonly open = new Map<string, number>();

  private constructor(length: number) {
    this.files = new Uint32Array(length);
    this.offsets = new Float64Array(length);
    this.bytes = new Uint32Array(length);
    this.failed = new Uint8Array(length);
  }

  /**
   * Of a cell that failed and was tried again, the row of the success. `onRow` gets each row that counts when it is found; a later
   * one of the same cell takes its place. ArtifactError where two rows of a cell differ, or a file is damaged.
   */
  static async of(
    folder: SweepFolder,
    cells: Pick<PlannedSource, "length" | "placeOf">,
    onRow: (place: number, row: SweepRow) => void = () => undefined,
  ): Promise<RowPlaces> {
    const found = new RowPlaces(cells.length);
    for await (const { row, where, path, offset, bytes } of eachRow(folder.parts)) {
      const place = cells.placeOf(row.cell);
      if (place === undefined) continue;
      const isFailed = "failed" in row;
      if (found.has(place) && found.failed[place] === 0) {
        if (isFailed || isDeepStrictEqual(found.rowAt(place), row)) continue;
        throw new ArtifactError(
          `${where}: cell ${row.cell} has another result than in another file; remove one of the two`,
        );
      }
      found.set(place, { path, offset, bytes, isFailed });
      onRow(place, row);
    }
    return found;
  }

  has(place: number): boolean {
    return this.files[place] !== 0;
  }

  /** Of a cell that has one. */
  rowAt(place: number): SweepRow {
    const path = this.paths[this.files[place]! - 1]!;
    const buffer = Buffer.allocUnsafe(this.bytes[place]!);
    readSync(this.fileOf(path), buffer, 0, buffer.length, this.offsets[place]!);
    return JSON.parse(buffer.toString()) as SweepRow;
  }

  close(): void {
    for (const fd of this.open.values()) closeSync(fd);
    this.open.clear();
  }

  private set(
    place: number,
    { path, offset, bytes, isFailed }: { path: string; offset: number; bytes: number; isFailed: boolean },
  ): void {
    if (this.paths.at(-1) !== path) this.paths.push(path);
    this.files[place] = this.paths.length;
    this.offsets[place] = offset;
    this.bytes[place] = bytes;
    this.failed[place] = isFailed ? 1 : 0;
  }

  private fileOf(path: string): number {
    const known = this.open.get(path);
    if (known !== undefined) return known;
    const [first] = this.open;
    if (first !== undefined && this.open.size === MOST_OPEN) {
      closeSync(first[1]);
      this.open.delete(first[0]);
    }
    const fd = openSync(path, "r");
    this.open.set(path, fd);
    return fd;
  }
}
