/** A few timings of a server, only for planning: about how long a prompt token, a decode step and a request take. */
import { BackendError, type Run } from "../../formats/index.js";
import type { ProbedServer, Pace } from "../../calibrate/vllm/index.js";
import { measureVllm, shownUrl, type BenchVllmInput } from "../../real/vllm/index.js";
import { median } from "../../sim/index.js";

const STEPS = 32;
const BATCH_STEPS = 16;

/** Sends about fifteen short requests, and as many at once as the server has slots (at most 64). */
export async function timeServer(
  common: Omit<BenchVllmInput, "workload" | "load">,
  server: ProbedServer,
): Promise<Pace> {
  const long = Math.min(1024, server.maxModelLen - 2);
  const short = Math.min(32, Math.floor(long / 2));
  const batch = Math.min(64, server.maxNumSeqs);
  const ask = async (
    count: number,
    promptTokens: number,
    outputTokens: number,
    maxConcurrency: number,
  ): Promise<Run> => {
    const requests = Array.from({ length: count }, (_, i) => ({
      id: `pace-${promptTokens}-${outputTokens}-${maxConcurrency}-${i}`,
      promptTokens,
      outputTokens: Math.min(outputTokens, server.maxModelLen - promptTokens),
    }));
    const workload = { requests, maxConcurrency, thinkNs: 0 };
    const { run } = await measureVllm({ ...common, workload, load: { kind: "probes" }, percentiles: [] });
    const failed = run.requests.find(({ status }) => status !== "ok");
    if (failed !== undefined)
      throw new BackendError(`a first request to ${shownUrl(common.baseUrl)} failed: ${failed.error ?? "no reason"}`);
    return run;
  };
  // The first of each shape may compile something.
  await ask(2, short, 2, 1);
  const shortMs = medianTtftMs(await ask(3, short, 1, 1));
  await ask(1, long, 1, 1);
  const longMs = medianTtftMs(await ask(3, long, 1, 1));
  const decodeStepMs = stepMs(await ask(2, short, STEPS + 1, 1), STEPS);
  const batchStepMs = batch === 1 ? decodeStepMs : stepMs(await ask(batch, short, BATCH_STEPS + 1, batch), BATCH_STEPS);
  const prefillTokenMs = Math.max(0, (longMs - shortMs) / (long - short));
  return { fixedMs: Math.max(0, shortMs - short * prefillTokenMs), prefillTokenMs, decodeStepMs, batch, batchStepMs };
}

function medianTtftMs({ requests }: Run): number {
  return median(requests.map(({ arrivalNs, firstTokenNs }) => (firstTokenNs! - arrivalNs) / 1e6));
}

function stepMs({ requests }: Run, steps: number): number {
  return median(requests.map(({ firstTokenNs, lastTokenNs }) => (lastTokenNs! - firstTokenNs!) / 1e6 / steps));
}
