import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildCase } from "../sim/cases.js";
import { peerSpec } from "./peer-run.js";

const options = { requests: 50, mode: "bare" as const, capacityPerS: () => 1 };
/** Ours as the cases have them; async_scheduling is not among the peer's settings. */
const engine = {
  backend: "vllm",
  block_size: 16,
  num_gpu_blocks: 28_982,
  max_num_seqs: 256,
  max_num_batched_tokens: 8192,
  enable_prefix_caching: false,
};

describe("what the peer learns of a case", () => {
  it("is the shape and the concurrency of a closed loop of equal requests", async () => {
    const shape = { input_tokens: 1024, output_tokens: 128, requests: 50, concurrency: 64 };
    expect(peerSpec(await buildCase("dense", options), "unused")).toEqual({ engine, ...shape });
  });

  it("is a trace of the very requests of an open loop", async () => {
    const folder = mkdtempSync(join(tmpdir(), "peer-run-test-"));
    try {
      const bench = await buildCase("poisson", options);
      const spec = peerSpec(bench, folder);
      expect(spec).toEqual({ engine, trace: join(folder, "trace.jsonl") });
      const rows = readFileSync(join(folder, "trace.jsonl"), "utf8").trimEnd().split("\n");
      expect(rows.map((row) => (JSON.parse(row) as { output_length: number }).output_length)).toEqual(
        bench.workload.requests.map(({ outputTokens }) => outputTokens),
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
