/** The server's own request spans, joined to the requests that a client sent under its own ids. */
import { joinSpans, startOtlpReceiver } from "../../../real/vllm/server/otlp/index.js";
import type { Check } from "../run-checks.js";
import { traced } from "../variants.js";
import { complete, promptOf } from "./complete.js";

export const spans: Check = {
  name: "queue, prefill and decode of each request come as spans",
  variant: traced,
  run: async ({ server }) => {
    const receiver = await startOtlpReceiver({ port: server.otlpPort! });
    try {
      const ids = ["servesim-1", "servesim-2", "servesim-3"];
      await Promise.all(ids.map((id, i) => complete(server, promptOf(50), 10 + i, { "x-request-id": id })));
      await receiver.waitFor(ids.length, 20_000);
      if (receiver.rejected.first !== undefined) throw new Error(receiver.rejected.first);
      const joined = joinSpans(receiver.spans, ids);
      if (joined.without.length > 0) throw new Error(`no span for ${joined.without.join(", ")}`);
      const seen = ids.map((id, i) => {
        const { queueMs, prefillMs, decodeMs, e2elMs, outputTokens } = joined.spans.get(id)!;
        if (queueMs === undefined || prefillMs === undefined || decodeMs === undefined || e2elMs === undefined) {
          throw new Error(`the span of ${id} lacks a time: ${JSON.stringify(joined.spans.get(id))}`);
        }
        if (outputTokens !== 10 + i) throw new Error(`${id}: got ${outputTokens ?? "no"} tokens, expected ${10 + i}`);
        const parts = queueMs + prefillMs + decodeMs;
        if (parts > e2elMs) throw new Error(`${id}: queue, prefill and decode are ${parts} ms of ${e2elMs} ms`);
        return `${queueMs.toFixed(1)} + ${prefillMs.toFixed(1)} + ${decodeMs.toFixed(1)} of ${e2elMs.toFixed(1)} ms`;
      });
      return seen.join("; ");
    } finally {
      await receiver.stop();
    }
  },
};
