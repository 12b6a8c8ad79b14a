/**
 * How a real run goes so far, from its requests as they end: the rate asked and achieved, requests in flight, latencies. Only sums
 * are kept, so that a client that measures is not held up. Shown at a steady pace, whatever the requests do.
 */
import type { RequestRecord, Workload } from "../formats/index.js";
import { realClock } from "./clock.js";

/** Told as each request ends. */
export type OnProgress = (ended: number, total: number, record: RequestRecord) => void;

export class LiveFigures {
  /** When requests are due, ns since the start; undefined where that depends on answers. */
  private readonly dueNs: Float64Array | undefined;
  private readonly slots: number;
  private readonly total: number;
  /** The run's start on the clock: no later than any end says. */
  private originNs = Infinity;
  private due = 0;
  private ended = 0;
  private failed = 0;
  private readonly ttft = new RunningMean();
  private readonly tpot = new RunningMean();

  constructor(
    { requests, maxConcurrency, thinkNs, sessions }: Workload,
    private readonly nowNs: () => number = () => realClock.nowNs(),
  ) {
    const isFixed = sessions === undefined && thinkNs === 0;
    if (isFixed) this.dueNs = Float64Array.from(requests, ({ arrivalNs = 0 }) => arrivalNs).sort();
    this.slots = maxConcurrency;
    this.total = requests.length;
  }

  add({ arrivalNs, firstTokenNs, lastTokenNs, outputTokens, status }: RequestRecord): void {
    this.ended++;
    if (lastTokenNs !== undefined) this.originNs = Math.min(this.originNs, this.nowNs() - lastTokenNs);
    if (status !== "ok") this.failed++;
    if (status !== "ok" || firstTokenNs === undefined || lastTokenNs === undefined) return;
    this.ttft.add(firstTokenNs - arrivalNs);
    if (outputTokens > 1) this.tpot.add((lastTokenNs - firstTokenNs) / (outputTokens - 1));
  }

  /** `19.6 of 20.0/s, 9 in flight, ttft 45 ms, tpot 8.1 ms`; means. Empty before the first answer. */
  text(): string {
    const elapsedNs = this.nowNs() - this.originNs;
    if (!(elapsedNs > 0)) return this.ended === 0 ? "" : `${this.failed} failed`;
    const perS = (count: number, ns: number): string => digits((count * 1e9) / Math.max(ns, 1));
    const { dueNs } = this;
    const achieved = perS(this.ended - this.failed, elapsedNs);
    const parts: string[] = [];
    if (dueNs === undefined) parts.push(`${achieved}/s`);
    else {
      while (this.due < this.total && dueNs[this.due]! <= elapsedNs) this.due++;
      const lastNs = dueNs[this.total - 1]!;
      // All that are due at once have no rate: a closed loop asks as fast as it is answered.
      const asked = lastNs > 0 ? ` of ${perS(this.due, Math.min(elapsedNs, lastNs))}` : "";
      parts.push(`${achieved}${asked}/s`, `${Math.min(this.slots, Math.max(0, this.due - this.ended))} in flight`);
    }
    if (this.ttft.count > 0) parts.push(`ttft ${milliseconds(this.ttft.mean)}`);
    if (this.tpot.count > 0) parts.push(`tpot ${milliseconds(this.tpot.mean)}`);
    if (this.failed > 0) parts.push(`${this.failed} failed`);
    return parts.join(", ");
  }
}

class RunningMean {
  count = 0;
  private sum = 0;

  add(value: number): void {
    this.count++;
    this.sum += value;
  }

  get mean(): number {
    return this.sum / this.count;
  }
}

/** Three significant digits. */
function digits(value: number): string {
  return value.toFixed(value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2);
}

function milliseconds(ns: number): string {
  const ms = ns / 1e6;
  return ms >= 10_000 ? `${digits(ms / 1e3)} s` : `${digits(ms)} ms`;
}

const EVERY_MS = 500;

/** Calls `tick` again and again, until what it returns is called. */
export type Ticker = (tick: () => void) => () => void;

const twiceASecond: Ticker = (tick) => {
  const timer = setInterval(tick, EVERY_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
  };
};

export interface WatchedRun {
  readonly onProgress: OnProgress;
  readonly stop: () => void;
}

/** `show`: requests that have ended, and the figures so far in words. */
export function watchRun(
  workload: Workload,
  show: (ended: number, figures: string) => void,
  ticker: Ticker = twiceASecond,
): WatchedRun {
  const figures = new LiveFigures(workload);
  let ended = 0;
  const stop = ticker(() => {
    show(ended, figures.text());
  });
  return {
    onProgress: (count, _, record) => {
      ended = count;
      figures.add(record);
    },
    stop,
  };
}
