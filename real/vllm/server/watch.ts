/**
 * Watches a server through /metrics: all of it before and after a run, the gauges at a steady pace in between. One reading
 * at a time over one connection; a reading equal to the one before is not kept. Each reading costs the server's front end
 * some time (the view says how long it took); where that is much, readings are made less often. Delicate measurements do
 * without (everyMs 0).
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "undici";
import { BackendError, greatest } from "../../../formats/index.js";
import { realClock, type Clock } from "../../clock.js";
import { addressOf } from "../connection.js";
import { serverViewOf, type ServerSample, type ServerView } from "./server-view.js";
import { readingOf, snapshotOf, type Reading } from "./vllm-metrics.js";

export interface WatchOptions {
  /** Pace of the readings in ms; 0: only before and after. */
  readonly everyMs?: number;
  readonly clock?: Clock;
}

export interface ServerWatch {
  /** Reads a last time, once the server is idle, and sums up. `runStartNs`, of the watch's clock, is the view's zero. */
  stop(runStartNs: number): Promise<ServerView>;
  /** Gives up without a view. */
  cancel(): Promise<void>;
}

const TIMEOUT_MS = 5_000;
/** A server whose client has its answers is idle within a step or two; another client's requests may keep it busy. */
const IDLE_READINGS = 20;
const IDLE_PAUSE_MS = 50;

interface TimedReading extends Reading {
  readonly atNs: number;
}

/** Begins to watch; BackendError when the server has no metrics. */
export async function startServerWatch(baseUrl: string, options: WatchOptions = {}): Promise<ServerWatch> {
  const { everyMs = 100, clock = realClock } = options;
  const { origin, prefix } = addressOf(baseUrl);
  const client = new Client(origin, {
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
    connectTimeout: TIMEOUT_MS,
  });
  const scrape = (): Promise<string> => scrapeOnce(client, `${prefix}/metrics`, baseUrl);
  let before;
  try {
    before = snapshotOf(await scrape());
    if (Object.keys(before.histograms).length === 0) throw new BackendError(noVllmMetrics(baseUrl));
  } catch (error) {
    await client.destroy();
    throw error;
  }
  const readings: TimedReading[] = [];
  const tookNs: number[] = [];
  let failed = 0;
  const abort = new AbortController();
  const read = async (): Promise<Reading | undefined> => {
    const sentNs = clock.nowNs();
    try {
      const reading = readingOf(await scrape());
      const doneNs = clock.nowNs();
      tookNs.push(doneNs - sentNs);
      if (!isEqual(reading, readings.at(-1))) readings.push({ atNs: (sentNs + doneNs) / 2, ...reading });
      return reading;
    } catch {
      failed++;
      return undefined;
    }
  };
  const loop = everyMs === 0 ? Promise.resolve() : readSteadily(read, clock, everyMs * 1e6, abort.signal);
  return {
    cancel: async () => {
      abort.abort();
      await client.destroy();
      await loop;
    },
    stop: async (runStartNs) => {
      const endNs = clock.nowNs();
      abort.abort();
      await loop;
      try {
        const isBusyAtEnd = !(await isIdleSoon(read));
        const after = snapshotOf(await scrape());
        const samples = readings.map(({ atNs, ...reading }): ServerSample => ({
          atMs: (atNs - runStartNs) / 1e6,
          ...reading,
        }));
        const taken = tookNs.length + failed;
        return serverViewOf({
          before,
          after,
          samples,
          endMs: (endNs - runStartNs) / 1e6,
          isBusyAtEnd,
          scrapes: {
            every_ms: everyMs,
            taken,
            kept: samples.length,
            failed,
            mean_ms: tookNs.length === 0 ? null : tookNs.reduce((sum, ns) => sum + ns, 0) / tookNs.length / 1e6,
            max_ms: tookNs.length === 0 ? null : greatest(tookNs) / 1e6,
          },
        });
      } finally {
        await client.close();
      }
    },
  };
}

/** Readings take at most this part of the time: the server answers them in the process that serves requests. */
const MOST_READING_FRACTION = 0.1;

/** At each multiple of the pace that is late enough after the reading before. */
async function readSteadily(
  read: () => Promise<unknown>,
  clock: Clock,
  everyNs: number,
  signal: AbortSignal,
): Promise<void> {
  const startNs = clock.nowNs();
  while (!signal.aborted) {
    const beganNs = clock.nowNs();
    await read();
    const nowNs = clock.nowNs();
    const earliestNs = nowNs + (nowNs - beganNs) * (1 / MOST_READING_FRACTION - 1);
    const turn = Math.floor((earliestNs - startNs) / everyNs) + 1;
    const leftNs = startNs + turn * everyNs - nowNs;
    // A timer's own coarseness is enough here; an abort ends the wait.
    await sleep(leftNs / 1e6, undefined, { signal }).catch(() => undefined);
  }
}

async function isIdleSoon(read: () => Promise<Reading | undefined>): Promise<boolean> {
  for (let tries = 0; tries < IDLE_READINGS; tries++) {
    const reading = await read();
    if (reading !== undefined && (reading.running ?? 0) === 0 && (reading.waiting ?? 0) === 0) return true;
    await sleep(IDLE_PAUSE_MS);
  }
  return false;
}

function isEqual(reading: Reading, last: Reading | undefined): boolean {
  return (
    last !== undefined && (Object.keys(reading) as (keyof Reading)[]).every((name) => reading[name] === last[name])
  );
}

async function scrapeOnce(client: Client, path: string, baseUrl: string): Promise<string> {
  let answer: { status: number; text: string };
  try {
    const { statusCode, body } = await client.request({ method: "GET", path });
    answer = { status: statusCode, text: await body.text() };
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new BackendError(`cannot read ${baseUrl}/metrics: ${said}; is the server running there?`, { cause });
  }
  if (answer.status === 200) return answer.text;
  throw new BackendError(`${baseUrl}/metrics answered with HTTP ${answer.status}, expected vLLM's metrics`);
}

function noVllmMetrics(baseUrl: string): string {
  return `${baseUrl}/metrics has no histogram of vLLM's; start the server without --disable-log-stats`;
}
