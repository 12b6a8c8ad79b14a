/** Runs the peer once, in a process of its own, on the requests and the scheduler's settings of one of our cases. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { packageFile } from "../../formats/files/index.js";
import { BackendError, check } from "../../formats/index.js";
import type { BenchCase } from "../sim/cases.js";
import { traceText } from "./trace-file.js";
import { saidBy } from "./venv.js";

const SCRIPT = packageFile("bench/peers/replay.py");

const reportSchema = z.strictObject({
  call_s: z.number().positive(),
  clock_s: z.number().positive(),
  peak_rss_mib: z.number().nullable(),
  completed: z.int(),
  input_tokens: z.int(),
  output_tokens: z.int(),
  makespan_s: z.number(),
  mean_ttft_ms: z.number(),
  mean_tpot_ms: z.number(),
  mean_e2el_ms: z.number(),
});

/** What replay.py prints. Times of the simulated run are its own cost model's. */
export type PeerReport = z.output<typeof reportSchema>;

/** What replay.py reads. */
export type PeerSpec = Readonly<Record<string, unknown>>;

/** Settings that both have, by our names; all that the peer has beside them is left at its default. */
const sharedSettings = [
  "block_size",
  "num_gpu_blocks",
  "max_num_seqs",
  "max_num_batched_tokens",
  "enable_prefix_caching",
] as const;

/** A closed loop of equal requests as the peer's synthetic load; anything else as a trace file in `folder`. */
export function peerSpec({ workload, settings }: BenchCase, folder: string): PeerSpec {
  const engine = { backend: "vllm", ...Object.fromEntries(sharedSettings.map((name) => [name, settings[name]])) };
  const { requests, maxConcurrency } = workload;
  if (maxConcurrency !== Infinity) {
    const { promptTokens, outputTokens } = requests[0]!;
    const shape = { input_tokens: promptTokens, output_tokens: outputTokens, requests: requests.length };
    return { engine, ...shape, concurrency: maxConcurrency };
  }
  const trace = join(folder, "trace.jsonl");
  writeFileSync(trace, traceText(requests, Number(settings.block_size)));
  return { engine, trace };
}

/** Replays the spec; BackendError with what Python said when that failed. */
export function replayOnPeer(python: string, spec: PeerSpec): PeerReport {
  const child = spawnSync(python, [SCRIPT], { encoding: "utf8", input: JSON.stringify(spec) });
  if (child.status !== 0) throw new BackendError(`cannot replay on the peer: ${saidBy(child)}`, { cause: child.error });
  return check(reportSchema, JSON.parse(child.stdout), { source: "replay.py", Failure: BackendError });
}
