/**
 * Watches a server through /metrics: all of it before and after a run, the gauges at a steady pace in between. One
 * reading at a time over one connection; a reading equal to the one before is not kept. Each reading costs the server's
 * front end some time (the view says how long it took); where that is much, readings are made less often. Delicate
 * measurements do without (everyMs 0).
 */
import { setTimeout as sleep } from "node:timers/promises";
import { BackendError, messageOf } from "../../../formats/index.js";
import { realClock, type Clock } from "../../clock.js";
import { accessHint, openAsking, addressOf, type ServerRef } from "../access/index.js";
import { serverViewOf, type ServerSample, type ServerView } from "./server-view.js";
import { readingOf, snapshotOf, type Reading, type Snapshot } from "./vllm-metrics.js";

export interface WatchOptions {
  /** Pace of the readings in ms; 0: only before and after. */
  readonly everyMs?: number;
  readonly clock?: Clock;
  /** Ends the watch early; what was read until then is still summed up. */
  readonly signal?: AbortSignal | undefined;
}

export interface ServerWatch {
  /**
   * Reads a last time, once the server is idle, and sums up. `runStartNs`, of the watch's clock, is the view's zero.
   * Ends within a few readings' deadlines, whatever the server does; a note says what the last reading lacked.
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
  const page = openMetricsPage(baseUrl, signal);
  const before = await page.snapshot().catch(async (error: unknown) => {
    await page.close();
    throw error;
  });
  const readings = new Readings(page, clock);
  const abort = new AbortController();
  const readUntilStopped = (): Promise<unknown> => readings.read(abort.signal);
  const loop = everyMs === 0 ? Promise.resolve() : readSteadily(readUntilStopped, clock, everyMs * 1e6, abort.signal);
  return {
    cancel: async () => {
      abort.abort();
      await page.close();
      await loop;
    },
    stop: async (runStartNs) => {
      const endNs = clock.nowNs();
      abort.abort();
      await loop;
      try {
        const idleByNs = endNs + 2 * page.withinMs * 1e6;
        const isBusyAtEnd = !(await isIdleSoon(() => readings.read(signal), clock, idleByNs));
        const after = await page.snapshot().catch(messageOf);
        return serverViewOf({
          before,
          after,
          samples: readings.since(runStartNs),
          endMs: (endNs - runStartNs) / 1e6,
          isBusyAtEnd,
          scrapes: { every_ms: everyMs, ...readings.counts() },
        });
      } finally {
        await page.close();
      }
    },
  };
}

/** A server's /metrics, over one connection. */
interface MetricsPage {
  /** Deadline of one reading, ms. */
  readonly withinMs: number;
  /** The gauges. `until` ends the reading early; default: the watch's own signal. */
  reading(until?: AbortSignal): Promise<Reading>;
  /** All of it; BackendError where the page has no histogram of vLLM's. */
  snapshot(): Promise<Snapshot>;
  close(): Promise<void>;
}

function openMetricsPage(baseUrl: ServerRef, signal: AbortSignal | undefined): MetricsPage {
  const address = addressOf(baseUrl);
  const where = `${address.url}/metrics`;
  const withinMs = Math.min(READING_MS, address.askMs);
  const asking = openAsking(address);
  const scrape = async (until = signal): Promise<string> => {
    const { status, text } = await asking.ask("/metrics", { withinMs, signal: until });
    if (status === 200) return text;
    throw new BackendError(`${where} answered with HTTP ${status}${accessHint(status)}, expected vLLM's metrics`);
  };
  return {
    withinMs,
    reading: async (until) => readingOf(await scrape(until), where),
    snapshot: async () => {
      const snapshot = snapshotOf(await scrape(), where);
      if (Object.keys(snapshot.histograms).length > 0) return snapshot;
      throw new BackendError(`${where} has no histogram of vLLM's; start the server without --disable-log-stats`);
    },
    close: () => asking.close(),
  };
}

/** The gauges as they were read, where they changed, and how the readings went. */
class Readings {
  private readonly kept: TimedReading[] = [];
  private readonly took = { count: 0, sumNs: 0, maxNs: 0 };
  private failed = 0;

  constructor(
    private readonly page: MetricsPage,
    private readonly clock: Clock,
  ) {}

  /** One more; undefined, and counted, where it failed. */
  async read(until?: AbortSignal): Promise<Reading | undefined> {
    const sentNs = this.clock.nowNs();
    try {
      const reading = await this.page.reading(until);
      const doneNs = this.clock.nowNs();
      this.took.count++;
      this.took.sumNs += doneNs - sentNs;
      this.took.maxNs = Math.max(this.took.maxNs, doneNs - sentNs);
      if (!isEqual(reading, this.kept.at(-1))) this.kept.push({ atNs: (sentNs + doneNs) / 2, ...reading });
      return reading;
    } catch {
      // A reading that the end of the run cut short did not fail.
      if (until?.aborted !== true) this.failed++;
      return undefined;
    }
  }

  since(startNs: number): ServerSample[] {
    return this.kept.map(({ atNs, ...reading }) => ({ atMs: (atNs - startNs) / 1e6, ...reading }));
  }

  counts(): Omit<ServerView["scrapes"], "every_ms"> {
    const { took, failed } = this;
    return {
      taken: took.count + failed,
      kept: this.kept.length,
      failed,
      mean_ms: took.count === 0 ? null : took.sumNs / took.count / 1e6,
      max_ms: took.count === 0 ? null : took.maxNs / 1e6,
    };
  }
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
