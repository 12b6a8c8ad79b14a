/** servesim bench on a real server: a valid run folder, the server's view beside it, its span of every request in it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readRun } from "../../../formats/files/index.js";
import type { ServerView } from "../../../real/vllm/server/index.js";
import type { Check } from "../run-checks.js";
import { traced } from "../variants.js";

const REQUESTS = 40;

export const bench: Check = {
  name: "bench measures a load, with the server's view and its spans",
  variant: traced,
  run: async ({ server, folder, servesim }) => {
    const output = join(folder, "run");
    await servesim([
      ...["bench", "--backend", "vllm", "--base-url", server.baseUrl, "--vocab-size", "8000", "--output", output],
      ...["--dataset-name", "random", "--random-input-len", "64", "--random-output-len", "24"],
      ...["--num-prompts", String(REQUESTS), "--request-rate", "6", "--otlp-port", String(server.otlpPort!)],
    ]);
    const { info, requests } = await readRun(output);
    const failed = requests.filter(({ status }) => status !== "ok");
    if (requests.length !== REQUESTS || failed.length > 0)
      throw new Error(`${failed.length} of ${requests.length} failed`);
    for (const { requestId, extra, firstTokenNs, lastTokenNs, arrivalNs } of requests) {
      const { server_queue_ms: queue, server_prefill_ms: prefill, server_decode_ms: decode } = extra ?? {};
      if (!queue || !prefill || !decode) throw new Error(`request ${requestId}: no span`);
      const inServerMs = Number(queue) + Number(prefill) + Number(decode);
      const e2elMs = (lastTokenNs! - arrivalNs) / 1e6;
      if (inServerMs > e2elMs) throw new Error(`request ${requestId}: ${inServerMs} ms in the server of ${e2elMs} ms`);
      if (firstTokenNs! > lastTokenNs!) throw new Error(`request ${requestId}: first token after the last`);
    }
    const view = JSON.parse(readFileSync(join(output, "server.json"), "utf8")) as ServerView;
    if (view.counters.requests_finished !== REQUESTS) {
      throw new Error(`the server finished ${view.counters.requests_finished ?? "no"} requests, expected ${REQUESTS}`);
    }
    const ttft = Number(info.summary?.mean_ttft_ms).toFixed(1);
    const reasons = info.valid!.ok ? "valid" : `not valid (${info.valid!.reasons.join("; ")})`;
    return `${REQUESTS} requests, mean ttft ${ttft} ms (the server's ${view.histograms.ttft_ms!.mean!.toFixed(1)} ms), ${reasons}`;
  },
};
