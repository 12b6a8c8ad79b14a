/** Reads the raw measurements of any profile of whole batches, whichever of the two forms they have. */
import { readCsv } from "../../formats/files/index.js";
import type { Measurement } from "../fit/index.js";
import { readRaw } from "./raw-file.js";
import { readWallTimes } from "./wall-times.js";

/** ArtifactError, with file and line, for what is neither. */
export async function readMeasurements(path: string): Promise<Measurement[]> {
  const [first] = await readCsv(path, ["batch_size", "wall_ms"]);
  return first !== undefined && "gpu_used_mib" in first ? readWallTimes(path) : readRaw(path);
}
