/**
 * vLLM bench's datasets that are files, in its words: `--dataset-name custom --dataset-path FILE` is the workload FILE in the
 * format "custom".
 */
import { ConfigError, type TraceFormat } from "../../formats/index.js";
import { flagName } from "./flags.js";

/** A format by vLLM bench's name, and what is its default there and not here. */
const fileDatasets = {
  custom: { format: "custom", defaults: {} },
  sharegpt: { format: "sharegpt", defaults: {} },
  burstgpt: { format: "burstgpt", defaults: { self_timed: false } },
  timed_trace: {
    format: "timed_trace",
    defaults: { timed_trace_chunk_hash_size: 16, timed_trace_sec_multiplier: 1 },
  },
} as const satisfies Record<string, { format: TraceFormat; defaults: object }>;

export const fileDatasetNames = Object.keys(fileDatasets) as (keyof typeof fileDatasets)[];

/** The same keys of a load with the file as its workload; ConfigError where name and path do not go together. */
export function withDatasetPath(given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { dataset_path: path, dataset_name: name, custom_output_len: outputLen, ...rest } = given;
  // As vLLM bench writes "the lengths of the file".
  const length = outputLen === undefined || outputLen === -1 ? {} : { custom_output_len: outputLen };
  const dataset = fileDatasetNames.find((known) => known === name);
  if (dataset === undefined) {
    if (path !== undefined) {
      throw new ConfigError(
        `--dataset-path is the file of --dataset-name ${fileDatasetNames.join(", ")}; give one of them, or the file as ` +
          "--workload, whose format is recognised",
      );
    }
    return { ...rest, ...(name === undefined ? {} : { dataset_name: name }), ...length };
  }
  if (path === undefined) throw new ConfigError(`--dataset-name ${dataset} reads a file, give it as --dataset-path`);
  for (const key of ["workload", "trace_format"] as const) {
    if (rest[key] === undefined) continue;
    throw new ConfigError(`--${flagName(key)}: --dataset-name and --dataset-path say this already, leave it out`);
  }
  const { format, defaults } = fileDatasets[dataset];
  return { ...defaults, ...rest, ...length, workload: path, trace_format: format };
}
