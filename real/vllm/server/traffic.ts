/** What a live server serves: its /metrics read twice, and what came in between. */
import { BackendError, defined } from "../../../formats/index.js";
import { realClock } from "../../clock.js";
import { askServer, shownUrl, type ServerRef } from "../access/index.js";
import { countOf, differenceOf, histogramOf, type Histogram } from "./histogram.js";
import { parsePrometheus } from "./prometheus.js";
import { fromServer, readingOf, snapshotOf, type Reading, type Snapshot } from "./vllm-metrics.js";

export interface Traffic {
  readonly seconds: number;
  /** That finished. */
  readonly requests: number;
  /** Arrivals: those that finished, and by how many more there are in the server. */
  readonly requestsPerS: number;
  /** Tokens of the finished requests. */
  readonly promptTokens: Histogram;
  readonly outputTokens: Histogram;
  /** Of the prompt tokens, those found in the prefix cache; absent: the server does not say. */
  readonly cachedShare?: number;
  /** The mean of both readings. */
  readonly running: number;
  readonly waiting: number;
  readonly kvFraction?: number;
  /** ms; absent: the server does not say. */
  readonly meanTtftMs?: number;
  readonly meanE2elMs?: number;
}

const PROMPTS = "vllm:request_prompt_tokens";
const OUTPUTS = "vllm:request_generation_tokens";
const names = new Set([PROMPTS, OUTPUTS].flatMap((name) => [`${name}_bucket`, `${name}_sum`]));

interface View {
  readonly atNs: number;
  readonly reading: Reading;
  readonly snapshot: Snapshot;
  readonly prompts: Histogram;
  readonly outputs: Histogram;
}

/**
 * BackendError where the server is not there, has no such metrics, is started anew in between, or finishes no request.
 */
export async function watchTraffic(server: ServerRef, seconds: number, signal: AbortSignal): Promise<Traffic> {
  const before = await view(server, signal);
  await realClock.until(before.atNs + seconds * 1e9, signal, "coarse");
  signal.throwIfAborted();
  return trafficBetween(before, await view(server, signal), `${shownUrl(server)}/metrics`);
}

async function view(server: ServerRef, signal: AbortSignal): Promise<View> {
  const where = `${shownUrl(server)}/metrics`;
  const { status, text } = await askServer(server, "/metrics", { signal });
  if (status !== 200)
    throw new BackendError(`${where} answered with HTTP ${status}, expected the metrics of a vLLM server`);
  const snapshot = snapshotOf(text, where);
  const lengths = parsePrometheus(text, names);
  const [prompts, outputs] = [PROMPTS, OUTPUTS].map((name) => fromServer(where, () => histogramOf(lengths, name)));
  if (prompts === undefined || outputs === undefined) {
    throw new BackendError(
      `${where} has no ${prompts === undefined ? PROMPTS : OUTPUTS}, expected the metrics of a vLLM server`,
    );
  }
  return { atNs: realClock.nowNs(), reading: readingOf(text, where), snapshot, prompts, outputs };
}

function trafficBetween(before: View, after: View, where: string): Traffic {
  const seconds = (after.atNs - before.atNs) / 1e9;
  const promptTokens = differenceOf(after.prompts, before.prompts);
  const outputTokens = differenceOf(after.outputs, before.outputs);
  if (
    promptTokens === undefined ||
    outputTokens === undefined ||
    before.snapshot.startedAtS !== after.snapshot.startedAtS
  ) {
    throw new BackendError(`${where}: its counts fell between the readings, so another server answers; ask again`);
  }
  const requests = countOf(promptTokens);
  if (requests === 0 || countOf(outputTokens) === 0) {
    throw new BackendError(
      `${where}: no request finished in ${seconds.toFixed(1)} s, expected traffic; give a longer --interval`,
    );
  }
  const inSystem = ({ reading: { running = 0, waiting = 0 } }: View): number => running + waiting;
  const cached = countBetween(before, after, "cached_tokens");
  const both = (of: (reading: Reading) => number | undefined): number | undefined => {
    const [first, last] = [of(before.reading), of(after.reading)];
    return first === undefined || last === undefined ? undefined : (first + last) / 2;
  };
  return {
    seconds,
    requests,
    requestsPerS: Math.max(requests, requests + inSystem(after) - inSystem(before)) / seconds,
    promptTokens,
    outputTokens,
    running: both(({ running }) => running) ?? 0,
    waiting: both(({ waiting }) => waiting) ?? 0,
    ...defined({
      cachedShare: cached === undefined || promptTokens.sum === 0 ? undefined : Math.min(1, cached / promptTokens.sum),
      kvFraction: both((reading) => reading.kv_fraction),
      meanTtftMs: meanBetween(before, after, "ttft_ms"),
      meanE2elMs: meanBetween(before, after, "e2el_ms"),
    }),
  };
}

function countBetween(before: View, after: View, name: "cached_tokens"): number | undefined {
  const [first, last] = [before.snapshot.counters[name], after.snapshot.counters[name]];
  return first === undefined || last === undefined ? undefined : Math.max(0, last - first);
}

function meanBetween(before: View, after: View, name: "ttft_ms" | "e2el_ms"): number | undefined {
  const last = after.snapshot.histograms[name];
  const between = last === undefined ? undefined : differenceOf(last, before.snapshot.histograms[name]);
  return between === undefined || countOf(between) === 0 ? undefined : between.sum / countOf(between);
}
