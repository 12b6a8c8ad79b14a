/** A profile out of a recorded grid: the fit of one split, with what is known of the machine. */
import { basename } from "node:path";
import { PROFILE_VERSION, profileSchema, defined, type Profile } from "../../formats/index.js";
import type { MemoryFit, Measurement, StaticBatchFit } from "../../calibrate/fit/index.js";

const MIB = 2 ** 20;
/** What nvidia-smi calls the memory of this card; the recording holds what was used alone. */
const TOTAL_MIB = 81_559;
const gpt2 = { layers: 12, width: 768, heads: 12, vocab: 50_257, positions: 1024, parameters: 124_439_808 };

export interface RecordedFit {
  /** File of the recording; its name ends in the precision. */
  readonly path: string;
  readonly measurements: readonly Measurement[];
  readonly fit: StaticBatchFit;
  readonly memory: MemoryFit;
}

/** "fp16" or "fp32", from the file's name; other names count as fp32. */
export function precisionOf(path: string): "fp16" | "fp32" {
  return path.includes("fp16") ? "fp16" : "fp32";
}

/** The profile, checked against its schema. `raw` is the recording's path from the profile's folder. */
export function recordedProfile({ path, measurements, fit, memory }: RecordedFit, raw: string): Profile {
  const precision = precisionOf(path);
  const levels = (level: (one: Measurement) => number): string =>
    [...new Set(measurements.map(level))].sort((a, b) => a - b).join("/");
  const timed = measurements.filter(({ kind }) => kind === "grid").length;
  return profileSchema.parse({
    version: PROFILE_VERSION,
    name: `h100-gpt2-${precision}`,
    source:
      `bench/ort-h100 on ${basename(path)}: ${timed} batches measured, batch sizes ${levels((m) => m.batchSize)}, prompts ` +
      `of ${levels((m) => m.promptTokens)} tokens, ${levels((m) => m.decodeSteps)} decode steps; fitted to the median of ` +
      "each cell's repeats; whole batches alone were timed, so those without decode steps separate prefill from decode",
    machine: { gpu: "NVIDIA H100 80GB", libraries: { "onnxruntime-node": "1.29.0", cuda: "13" } },
    model: { name: "gpt2", ...gpt2, dtype: precision === "fp16" ? "float16" : "float32" },
    engine: { name: "onnxruntime-cuda", version: "1.29.0" },
    cost: fit.cost,
    memory: {
      total_bytes: TOTAL_MIB * MIB,
      base_bytes: memory.baseBytes,
      terms: memory.terms,
      kv_bytes_per_token: 2 * gpt2.layers * gpt2.width * (precision === "fp16" ? 2 : 4),
      arena_keeps_peak: true,
      ...defined({ arena_region_bytes: memory.arenaRegionBytes }),
    },
    range: fit.range,
    fit: fit.fit,
    ...defined({ held_out: fit.held_out }),
    noise: fit.noise,
    uncertainty: fit.uncertainty,
    notes: [
      ...fit.warnings,
      ...memory.warnings,
      `total memory was not recorded, ${TOTAL_MIB} MiB is what nvidia-smi says of such a card`,
      "short batches are bound by launching kernels, and the same shape came out up to a fifth slower or faster by the block",
    ],
    raw,
  });
}
