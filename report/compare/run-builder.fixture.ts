/** Builders of small runs for the tests of this folder. Times in ms, as one writes them by hand. */
import type { BatchRecord, RequestRecord, Run } from "../../formats/index.js";

export interface RequestTimes {
  readonly id: string;
  readonly arrivalMs?: number;
  readonly sentMs?: number;
  readonly scheduledMs?: number;
  readonly firstMs?: number;
  readonly lastMs?: number;
  readonly outputTokens?: number;
  readonly status?: RequestRecord["status"];
}

/** A run of those requests: arrival 0, ten prompt tokens, three output tokens, ok, unless said otherwise. */
export function buildRun(
  source: "sim" | "real",
  requests: readonly RequestTimes[],
  batches: readonly BatchRecord[] = [],
): Run {
  const info = {
    version: 1,
    source,
    policy: "naive",
    engine: { name: "test", settings: {} },
    model: { name: "mini" },
    hardware: {},
    load: { kind: "closed_loop" },
    requests: requests.length,
  } as const;
  return { info, requests: requests.map(record), batches };
}

/** A batch of that size that starts and ends there. */
export function buildBatch(batchId: number, startMs: number, endMs: number, size: number): BatchRecord {
  const startNs = startMs * 1e6;
  const endNs = endMs * 1e6;
  return { batchId, startNs, firstTokenNs: startNs, endNs, size, limit: 4, promptTokens: 10 * size, outputTokens: 3 };
}

function record(times: RequestTimes): RequestRecord {
  const { id, arrivalMs = 0, sentMs, scheduledMs, firstMs, lastMs, outputTokens = 3, status = "ok" } = times;
  return {
    requestId: id,
    arrivalNs: arrivalMs * 1e6,
    ...(sentMs === undefined ? {} : { sentNs: sentMs * 1e6 }),
    ...(scheduledMs === undefined ? {} : { scheduledNs: scheduledMs * 1e6 }),
    ...(firstMs === undefined ? {} : { firstTokenNs: firstMs * 1e6 }),
    ...(lastMs === undefined ? {} : { lastTokenNs: lastMs * 1e6 }),
    promptTokens: 10,
    outputTokens,
    status,
  };
}
