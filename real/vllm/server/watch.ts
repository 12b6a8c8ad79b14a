/**
 * Watches a server through /metrics: all of it before and after a run, the gauges at a steady pace in between. One reading
 * at a time over one connection; a reading equal to the one before is not kept. Each reading costs the server's front end
 * some time (the view says how long it took); where that is much, readings are made less often. Delicate measurements do
 * without (everyMs 0).
 */
import { setTimeout as sleep } from "node:timers/promises";
import { BackendError } from "../../../formats/index.js";
import { realClock, type Clock } from "../../clock.js";
import { accessHint, openAsking, type Asking, type AskOptions } from "../ask-server.js";
import { addressOf, type ServerRef } from "../server-address.js";
import { serverViewOf, type ServerSample, type ServerView } from "./server-view.js";
import { readingOf, snapshotOf, type Reading, type Snapshot } from "./vllm-metrics.js";

export interface WatchOptions {
  /** Pace of the readings in ms; 0: only before and after. */
  readonly everyMs?: number;
  readonly clock?: Clock;
  /** Cuts waiting short; what was read until then is still summed up. */
  readonly signal?: AbortSignal | undefined;
}

export interface ServerWatch {
  /**
   * Reads a last time, once the server is idle, and sums up. `runStartNs`, of the watch's clock, is the view's zero. Ends within
   * a few readings' deadlines, whatever the server does; a note says what the last reading lacked.
   */
  stop(runStartNs: number): Promise<ServerView>;
  /** Gives up without a view. */
  cancel(): Promise<void>;
}

/** Deadline of one reading, ms, unless the address has a shorter one. */
const READING_MS = 5_000;
/** A server whose client has its answers is idle within a step or two; another client's requests may keep it busy. */
const IDLE_READINGS = 20;
const IDLE_PAUSE_MS = 50;

interface TimedReading extends Reading {
  readonly atNs: number;
}

/** Begins to watch; BackendError when the server has no metrics. */
export async function startServerWatch(baseUrl: ServerRef, options: WatchOptions = {}): Promise<ServerWatch> {
  const { everyMs = 100, clock = realClock, signal } = options;
  const address = addressOf(baseUrl);
  const where = `${address.url}/metrics`;
  const withinMs = Math.min(READING_MS, address.askMs);
  const asking = openAsking(address);
  const scrape = (until = signal): Promise<string> => scrapeOnce(asking, where, { withinMs, signal: until });
  let before: Snapshot;
  try {
    before = snapshotOf(await scrape(), where);
    if (Object.keys(before.histograms).length === 0) throw new BackendError(noVllmMetrics(where));
  } catch (error) {
    await asking.close();
    throw error;
  }
  const readings: TimedReading[] = [];
  const took = { count: 0, sumNs: 0, maxNs: 0 };
  let failed = 0;
  const abort = new AbortController();
  const read = async (until?: AbortSignal): Promise<Reading | undefined> => {
    const sentNs = clock.nowNs();
    try {
      const reading = readingOf(await scrape(until), where);
      const doneNs = clock.nowNs();
      took.count++;
      took.sumNs += doneNs - sentNs;
      took.maxNs = Math.max(took.maxNs, doneNs - sentNs);
      if (!isEqual(reading, readings.at(-1))) readings.push({ atNs: (sentNs + doneNs) / 2, ...reading });
      return reading;
    } catch {
      // A reading that the end of the run cut short did not fail.
      if (until?.aborted !== true) failed++;
      return undefined;
    }
  };
  const readUntilStopped = (): Promise<unknown> => read(abort.signal);
  const loop = everyMs === 0 ? Promise.resolve() : readSteadily(readUntilStopped, clock, everyMs * 1e6, abort.signal);
  const lastSnapshot = async (): Promise<Snapshot | string> => {
    try {
      const last = snapshotOf(await scrape(), where);
      return Object.keys(last.histograms).length === 0 ? noVllmMetrics(where) : last;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  };
  return {
    cancel: async () => {
      abort.abort();
      await asking.close();
      await loop;
    },
    stop: async (runStartNs) => {
      const endNs = clock.nowNs();
      abort.abort();
      await loop;
      try {
        const isBusyAtEnd = !(await isIdleSoon(() => read(signal), clock, endNs + 2 * withinMs * 1e6));
        const after = await lastSnapshot();
        const samples = readings.map(({ atNs, ...reading }): ServerSample => ({
          atMs: (atNs - runStartNs) / 1e6,
          ...reading,
        }));
        return serverViewOf({
          before,
          after,
          samples,
          endMs: (endNs - runStartNs) / 1e6,
          isBusyAtEnd,
          scrapes: {
            every_ms: everyMs,
            taken: took.count + failed,
            kept: samples.length,
            failed,
            mean_ms: took.count === 0 ? null : took.sumNs / took.count / 1e6,
            max_ms: took.count === 0 ? null : took.maxNs / 1e6,
          },
        });
      } finally {
        await asking.close();
      }
    },
  };
}

/** Readings take at most this part of the time: the server answers them in the process that serves requests. */
const MAX_READING_FRACTION = 0.1;

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
    const earliestNs = nowNs + (nowNs - beganNs) * (1 / MAX_READING_FRACTION - 1);
    const turn = Math.floor((earliestNs - startNs) / everyNs) + 1;
    const leftNs = startNs + turn * everyNs - nowNs;
    // A timer's own coarseness is enough here; an abort ends the wait.
    await sleep(leftNs / 1e6, undefined, { signal }).catch(() => undefined);
  }
}

async function isIdleSoon(read: () => Promise<Reading | undefined>, clock: Clock, untilNs: number): Promise<boolean> {
  for (let tries = 0; tries < IDLE_READINGS && clock.nowNs() < untilNs; tries++) {
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

async function scrapeOnce(asking: Asking, where: string, options: AskOptions): Promise<string> {
  const { status, text } = await asking.ask("/metrics", options);
  if (status === 200) return text;
  throw new BackendError(`${where} answered with HTTP ${status}${accessHint(status)}, expected vLLM's metrics`);
}

function noVllmMetrics(where: string): string {
  return `${where} has no histogram of vLLM's; start the server without --disable-log-stats`;
}
