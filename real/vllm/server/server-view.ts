/**
 * What a server says of a run: histograms (after less before), counters, and the gauges sampled while it went on.
 * Times in ms. A histogram's mean is exact; a quantile is known to its bucket, which is given beside the interpolation.
 */
import { join } from "node:path";
import { writeCsv, writeJson } from "../../../formats/files/index.js";
import { bucketQuantile, countOf, differenceOf, type Histogram } from "./histogram.js";
import {
  counterNames,
  gaugeNames,
  histogramNames,
  type CounterName,
  type GaugeName,
  type HistogramName,
  type Reading,
  type Snapshot,
} from "./vllm-metrics.js";

/** Gauges at a moment, ms since the run's start (negative: before it). */
export interface ServerSample extends Reading {
  readonly atMs: number;
}

/** `within`: the bucket that holds it; its second bound is null where the bucket has no end, and then so is `value`. */
export interface QuantileView {
  readonly value: number | null;
  readonly within: readonly [number, number | null];
}

export interface HistogramView {
  readonly count: number;
  readonly mean: number | null;
  readonly p50: QuantileView | null;
  readonly p90: QuantileView | null;
  readonly p95: QuantileView | null;
  readonly p99: QuantileView | null;
  /** [upper bound (null: no end), values up to it], where there are any. */
  readonly buckets: readonly (readonly [number | null, number])[];
}

export interface GaugeView {
  /** Over time. */
  readonly mean: number;
  readonly max: number;
}

/** server.json, save `samples`, which are server-samples.csv. */
export interface ServerView {
  readonly version: 1;
  readonly block_size: number | null;
  readonly num_gpu_blocks: number | null;
  readonly histograms: Readonly<Partial<Record<HistogramName, HistogramView>>>;
  readonly counters: Readonly<Partial<Record<CounterName, number>>>;
  readonly gauges: Readonly<Partial<Record<GaugeName, GaugeView>>>;
  readonly scrapes: ScrapeView;
  /** What this server does not report, by our names. */
  readonly missing: readonly string[];
  readonly notes: readonly string[];
  readonly samples: readonly ServerSample[];
}

/** How the gauges were read. `kept`: those that differ from the one before. */
export interface ScrapeView {
  readonly every_ms: number;
  readonly taken: number;
  readonly kept: number;
  readonly failed: number;
  readonly mean_ms: number | null;
  readonly max_ms: number | null;
}

export interface Watched {
  readonly before: Snapshot;
  /** Why there is none, where the last reading failed: gauges are reported anyway. */
  readonly after: Snapshot | string;
  readonly samples: readonly ServerSample[];
  readonly endMs: number;
  readonly scrapes: ScrapeView;
  /** Requests were still in the server when the last text was read. */
  readonly isBusyAtEnd: boolean;
}

export function serverViewOf({ before, after: last, samples, endMs, scrapes, isBusyAtEnd }: Watched): ServerView {
  const failure = typeof last === "string" ? last : undefined;
  const after: Snapshot = typeof last === "string" ? { ...before, counters: {}, histograms: {} } : last;
  const isRestarted = before.startedAtS !== after.startedAtS;
  const histograms: Partial<Record<HistogramName, HistogramView>> = {};
  const counters: Partial<Record<CounterName, number>> = {};
  const missing: string[] = [];
  const backwards: string[] = [];
  for (const name of Object.keys(histogramNames) as HistogramName[]) {
    const now = after.histograms[name];
    if (now === undefined) missing.push(name);
    const between = now === undefined || isRestarted ? undefined : differenceOf(now, before.histograms[name]);
    if (between !== undefined) histograms[name] = histogramView(between);
  }
  for (const name of Object.keys(counterNames) as CounterName[]) {
    const now = after.counters[name];
    const sofar = before.counters[name] ?? 0;
    if (now === undefined) missing.push(name);
    else if (now < sofar) backwards.push(name);
    else if (!isRestarted) counters[name] = now - sofar;
  }
  const gauges: Partial<Record<GaugeName, GaugeView>> = {};
  for (const name of Object.keys(gaugeNames) as GaugeName[]) {
    const view = gaugeView(samples, name, endMs);
    if (view !== undefined) gauges[name] = view;
    else if (samples.length > 0) missing.push(name);
  }
  return {
    version: 1,
    block_size: after.cacheConfig?.block_size ?? null,
    num_gpu_blocks: after.cacheConfig?.num_gpu_blocks ?? null,
    histograms,
    counters,
    gauges,
    scrapes,
    missing,
    notes: notesOf({ failure, backwards, isRestarted, isBusyAtEnd, scrapes }),
    samples,
  };
}

interface ViewFindings {
  readonly failure: string | undefined;
  /** Counters that were lower after the run than before. */
  readonly backwards: readonly string[];
  readonly isRestarted: boolean;
  readonly isBusyAtEnd: boolean;
  readonly scrapes: ScrapeView;
}

function notesOf({ failure, backwards, isRestarted, isBusyAtEnd, scrapes }: ViewFindings): string[] {
  const notes: string[] = [];
  if (failure !== undefined) {
    notes.push(`the server's histograms and counters of the run are not known, its last reading failed: ${failure}`);
  }
  if (backwards.length > 0 && !isRestarted) {
    notes.push(`the server's counters went backwards, so nothing is known of ${backwards.join(", ")}`);
  }
  if (isRestarted) {
    notes.push("the server was restarted during the run, so its histograms and counters do not describe it");
  }
  if (isBusyAtEnd && failure === undefined) {
    notes.push("the server still had requests when its metrics were read last, so its counts are too low");
  }
  if (isHeavy(scrapes)) notes.push(heavyNote(scrapes));
  if (scrapes.failed > 0) notes.push(`${scrapes.failed} of ${scrapes.taken} readings of /metrics failed`);
  return notes;
}

/** Readings then are further apart than asked. */
function isHeavy({ every_ms: everyMs, mean_ms: meanMs }: ScrapeView): boolean {
  return everyMs > 0 && (meanMs ?? 0) > 0.1 * everyMs;
}

function heavyNote({ every_ms: everyMs, mean_ms: meanMs }: ScrapeView): string {
  return `a reading of /metrics took ${meanMs!.toFixed(1)} ms, so the server was read less often than every ${everyMs} ms`;
}

function histogramView(histogram: Histogram): HistogramView {
  const count = countOf(histogram);
  const quantile = (q: number): QuantileView | null => {
    const found = bucketQuantile(histogram, q);
    if (found === undefined) return null;
    return { value: found.value ?? null, within: [found.above, finite(found.atMost)] };
  };
  const own = histogram.cumulative.map((sum, i) => sum - (histogram.cumulative[i - 1] ?? 0));
  return {
    count,
    mean: count === 0 ? null : histogram.sum / count,
    p50: quantile(0.5),
    p90: quantile(0.9),
    p95: quantile(0.95),
    p99: quantile(0.99),
    buckets: own.flatMap((values, i) => (values === 0 ? [] : [[finite(histogram.bounds[i]!), values] as const])),
  };
}

/** JSON has no infinity. */
function finite(bound: number): number | null {
  return bound === Infinity ? null : bound;
}

/** A gauge holds its value until the next sample. Samples before the run count for the value at its start alone. */
function gaugeView(samples: readonly ServerSample[], name: GaugeName, endMs: number): GaugeView | undefined {
  let area = 0;
  let lengthMs = 0;
  let max = -Infinity;
  samples.forEach((sample, i) => {
    const value = sample[name];
    const fromMs = Math.max(0, sample.atMs);
    const toMs = Math.min(endMs, samples[i + 1]?.atMs ?? endMs);
    if (value === undefined || toMs <= fromMs) return;
    area += value * (toMs - fromMs);
    lengthMs += toMs - fromMs;
    max = Math.max(max, value);
  });
  return lengthMs === 0 ? undefined : { mean: area / lengthMs, max };
}

const sampleColumns = ["at_ms", "running", "waiting", "kv_fraction", "preemptions"] as const;

/** Writes server.json, and server-samples.csv with a row per change of a gauge, into a run's folder. */
export async function writeServerView(folder: string, { samples, ...view }: ServerView): Promise<void> {
  const rows = samples.map(({ atMs, ...reading }) => ({ at_ms: Number(atMs.toFixed(3)), ...reading }));
  await writeCsv(join(folder, "server-samples.csv"), sampleColumns, rows);
  writeJson(join(folder, "server.json"), view);
}
