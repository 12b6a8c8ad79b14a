/** The recorded grids of an H100 (calibrate/onnx/wall-times.ts reads one). */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { ArtifactError } from "../../formats/index.js";
import { wallTimeColumns } from "../../calibrate/onnx/index.js";

/** Paths of the recordings of a folder, by name. */
export function recordingsIn(folder: string): string[] {
  const names = readdirSync(folder).filter((name) => name.endsWith(".csv"));
  if (names.length === 0) {
    throw new ArtifactError(`no .csv recording in ${folder}, expected ${wallTimeColumns.join(",")}`);
  }
  return names.sort().map((name) => join(folder, name));
}
