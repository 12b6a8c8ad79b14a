/** Tries continuous batching on this machine, from the library to a step in place. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureModel } from "../models/index.js";
import { ortLibrary } from "../c-api/index.js";
import { ContinuousBatch } from "./continuous-batch.js";

/** In words, how steps reach the runtime here; throws BackendError, or whatever else prevents it. */
export async function checkSteps(): Promise<string> {
  const cacheDir = await mkdtemp(join(tmpdir(), "servesim-steps-"));
  try {
    const model = await ensureModel("tiny", { cacheDir });
    new ContinuousBatch({ model, device: "cpu", threads: 1, maxNumSeqs: 1, maxModelLen: 2 }).release();
    return `C API of ONNX Runtime ${ortLibrary().version} by FFI (koffi), KV cache kept in place`;
  } finally {
    await rm(cacheDir, { recursive: true, force: true });
  }
}
