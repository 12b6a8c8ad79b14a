/** Too few KV blocks for the requests that run: the server preempts, and its view of the run says how often. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readRun } from "../../../formats/files/index.js";
import type { ServerView } from "../../../real/vllm/server/index.js";
import type { Check } from "../run-checks.js";
import { tight } from "../variants.js";

export const preemptions: Check = {
  name: "preemptions and a full KV cache show in the server's view",
  variant: tight,
  run: async ({ server, folder, servesim }) => {
    const output = join(folder, "run");
    await servesim([
      ...["bench", "--backend", "vllm", "--base-url", server.baseUrl, "--vocab-size", "1000", "--output", output],
      ...["--dataset-name", "random", "--random-input-len", "100", "--random-output-len", "150"],
      ...["--num-prompts", "24", "--max-concurrency", "24"],
    ]);
    const { info } = await readRun(output);
    const { counters, gauges } = JSON.parse(readFileSync(join(output, "server.json"), "utf8")) as ServerView;
    const count = counters.preemptions ?? 0;
    if (count === 0 || info.preemptions !== count) {
      throw new Error(`${count} preemptions in server.json, ${String(info.preemptions)} in run.json, expected some`);
    }
    if (!(gauges.kv_fraction!.max > 0.8)) throw new Error(`KV at most ${gauges.kv_fraction!.max}, expected over 0.8`);
    const { num_gpu_blocks: blocks, block_size: size } = info.engine.settings;
    return `${count} preemptions with ${String(blocks)} blocks of ${String(size)}, KV at most ${(gauges.kv_fraction!.max * 100).toFixed(0)} %`;
  },
};
