/** The load of a recorded run, to be sent again: its requests in sending order, open or closed as it was recorded. */
import { ArtifactError, type RequestRecord, type Run, type Workload } from "../../../formats/index.js";

/**
 * Requests that were answered; the others are left out, with a note. A closed loop keeps its number of clients and how
 * long they took from an answer to the next request; elsewhere every request comes when it was recorded.
 */
export function recordedWorkload({ info, requests }: Run): Workload {
  rejectCached(requests);
  const sent = requests
    .filter(({ status }) => status === "ok")
    .sort((a, b) => a.arrivalNs - b.arrivalNs || sentNs(a) - sentNs(b));
  if (sent.length === 0) throw new ArtifactError("the recording has no answered request, expected at least one");
  const empty = sent.find(({ outputTokens }) => outputTokens === 0);
  if (empty !== undefined) {
    throw new ArtifactError(
      `the recording's request "${empty.requestId}" is answered (status ok) with 0 output tokens, expected at least 1; correct its ` +
        'output_tokens, or give it the status "error"',
    );
  }
  const maxConcurrency = typeof info.load.max_concurrency === "number" ? info.load.max_concurrency : Infinity;
  const isClosed = info.load.kind === "closed_loop" && maxConcurrency !== Infinity;
  const leftOut = requests.length - sent.length;
  return {
    requests: sent.map((request) => ({
      id: request.requestId,
      promptTokens: request.promptTokens,
      outputTokens: request.outputTokens,
      ...(isClosed ? {} : { arrivalNs: Math.max(0, request.arrivalNs) }),
    })),
    maxConcurrency,
    thinkNs: isClosed ? turnaroundNs(sent, maxConcurrency) : 0,
    ...(leftOut > 0 ? { notes: [`${leftOut} recorded requests without an answer are left out`] } : {}),
  };
}

/** Of random prompts so many are found in a prefix cache by chance; more come from prefixes that requests share. */
const MAX_CACHED_SHARE = 0.01;

/**
 * Prompt tokens that the server found in its prefix cache cost it nothing, and a recording does not say which requests
 * share which prefixes: simulated without them, prefills would be too long.
 */
function rejectCached(requests: readonly RequestRecord[]): void {
  const sum = (of: (request: RequestRecord) => number): number =>
    requests.reduce((total, request) => total + of(request), 0);
  const cached = sum(({ cachedTokens = 0 }) => cachedTokens);
  const prompts = sum(({ promptTokens }) => promptTokens);
  if (cached <= MAX_CACHED_SHARE * prompts) return;
  const hits = requests.filter(({ cachedTokens = 0 }) => cachedTokens > 0).length;
  throw new ArtifactError(
    `the server found ${cached} of ${prompts} prompt tokens (${((100 * cached) / prompts).toFixed(1)} %) of ${hits} requests in its ` +
      "prefix cache, and the recording does not say which prefixes they share; record with --no-enable-prefix-caching or random " +
      "prompts, or simulate the trace itself (--workload), which says so",
  );
}

/** Median time that the client took from the k-th answer to the request that it released. */
function turnaroundNs(requests: readonly RequestRecord[], clients: number): number {
  const sends = Float64Array.from(requests, sentNs).sort();
  const ends = Float64Array.from(requests, ({ lastTokenNs }) => lastTokenNs ?? NaN).sort();
  const gaps = sends.subarray(Math.min(clients, sends.length)).map((atNs, k) => atNs - ends[k]!);
  const known = gaps.filter((gap) => gap >= 0).sort();
  return known.length === 0 ? 0 : Math.round(known[known.length >> 1]!);
}

function sentNs({ arrivalNs, sentNs: at }: RequestRecord): number {
  return at ?? arrivalNs;
}
