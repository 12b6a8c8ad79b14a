/** /metrics before, during and after: what the server counted is what was sent. */
import { realClock } from "../../../real/clock.js";
import { startServerWatch } from "../../../real/vllm/server/index.js";
import type { Check } from "../run-checks.js";
import { plain } from "../variants.js";
import { complete, promptOf } from "./complete.js";

export const serverView: Check = {
  name: "the server's counters and histograms hold the requests that were sent",
  variant: plain,
  run: async ({ server }) => {
    const watch = await startServerWatch(server.baseUrl);
    const startNs = realClock.nowNs();
    await Promise.all(Array.from({ length: 8 }, () => complete(server, promptOf(100), 40)));
    const { counters, histograms, gauges, scrapes, samples, notes, missing } = await watch.stop(startNs);
    const expected = { prompt_tokens: 800, output_tokens: 320, requests_finished: 8 };
    for (const [name, value] of Object.entries(expected)) {
      const got = counters[name as keyof typeof expected];
      if (got !== value) throw new Error(`${name}: got ${got ?? "nothing"}, expected ${value}`);
    }
    if (histograms.ttft_ms?.count !== 8) throw new Error(`ttft_ms: got ${JSON.stringify(histograms.ttft_ms)}`);
    // How long a reading takes depends on what else this machine does.
    const faults = [...notes.filter((note) => !note.includes("read less often")), ...missing];
    if (faults.length > 0) throw new Error(faults.join("; "));
    if (gauges.running === undefined || gauges.running.max < 1) throw new Error("never saw a request running");
    return (
      `8 requests, ttft ${histograms.ttft_ms.mean!.toFixed(1)} ms, decode ${histograms.decode_ms!.mean!.toFixed(1)} ms, ` +
      `${samples.length} of ${scrapes.taken} readings kept, ${scrapes.mean_ms!.toFixed(1)} ms each`
    );
  },
};
