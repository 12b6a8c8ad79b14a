/**
 * Latency goals as users write them: `p99_ttft:500,p95_tpot:40` (a statistic and its limit in ms), and vLLM bench's
 * `ttft:200 tpot:50` (limits that a share of the requests must meet, all at once).
 */
import { ConfigError } from "../errors.js";

export const sloMetrics = ["ttft", "tpot", "itl", "e2el", "queue"] as const;
export type SloMetric = (typeof sloMetrics)[number];

export const goodputMetrics = ["ttft", "tpot", "e2el"] as const;
export type GoodputMetric = (typeof goodputMetrics)[number];

/** A statistic of a latency over a run, and the most it may be. */
export interface Slo {
  /** `p99_ttft`, `mean_tpot`. */
  readonly name: string;
  readonly metric: SloMetric;
  /** Of the requests of this class; absent: of all. */
  readonly class?: string;
  /** Of a class: its share of the requests, where it is known. */
  readonly share?: number;
  /** 0.5 to 0.999; absent: the mean. */
  readonly quantile?: number;
  readonly limitMs: number;
}

/** Limits that at least a share of all requests must meet, each request all of them. */
export interface GoodputGoal {
  readonly limitsMs: Readonly<Partial<Record<GoodputMetric, number>>>;
  /** Share of the requests, below 1. */
  readonly attainment: number;
}

/** At least one of the two kinds. */
export interface Goals {
  readonly slos: readonly Slo[];
  readonly goodput?: GoodputGoal | undefined;
}

const MIN_PERCENT = 50;
const MAX_PERCENT = 99.9;
const EXPECTED_SLO =
  `STATISTIC_METRIC:MILLISECONDS, such as p99_ttft:500,mean_tpot:40 (statistics: mean, p${MIN_PERCENT} to ` +
  `p${MAX_PERCENT}; metrics: ${sloMetrics.join(", ")})`;
const EXPECTED_GOODPUT = `METRIC:MILLISECONDS, such as ttft:200 tpot:50 (metrics: ${goodputMetrics.join(", ")})`;

/** ConfigError says which part of the text is wrong, and what was expected. */
export function parseSlos(text: string, source = "--slo"): Slo[] {
  const slos = partsOf(text).map((part) => parseSlo(part, source));
  if (slos.length === 0) throw unreadable(source, text, EXPECTED_SLO);
  rejectRepeated(
    slos.map(({ name }) => name),
    source,
  );
  return slos;
}

/** `attainment`: share of the requests that must meet the limits. ConfigError as of parseSlos. */
export function parseGoodput(text: string, attainment: number, source = "--goodput"): GoodputGoal {
  const limits = partsOf(text).map((part) => {
    const [metric = "", limit] = split(part);
    if (!goodputMetrics.some((known) => known === metric)) throw unreadable(source, part, EXPECTED_GOODPUT);
    return [metric, limitOf(limit, part, { source, expected: EXPECTED_GOODPUT })] as const;
  });
  if (limits.length === 0) throw unreadable(source, text, EXPECTED_GOODPUT);
  rejectRepeated(
    limits.map(([metric]) => metric),
    source,
  );
  return { limitsMs: Object.fromEntries(limits), attainment };
}

function parseSlo(part: string, source: string): Slo {
  const [name = "", limit] = split(part);
  const [, statistic, metric, className] =
    /^(mean|median|p\d+(?:\.\d+)?)_(\w+)(?:@([A-Za-z][\w-]*))?$/.exec(name) ?? [];
  const isKnown = (metrics: readonly string[]): metrics is readonly SloMetric[] => metrics.includes(metric ?? "");
  if (statistic === undefined || !isKnown(sloMetrics)) throw unreadable(source, part, EXPECTED_SLO);
  const limitMs = limitOf(limit, part, { source, expected: EXPECTED_SLO });
  if (className !== undefined && metric === "itl") {
    throw new ConfigError(
      `${source}: got "${part}", itl is recorded only for all requests together, expected another metric for a class`,
    );
  }
  const goal = { metric: metric as SloMetric, limitMs, ...(className === undefined ? {} : { class: className }) };
  const of = className === undefined ? "" : `@${className}`;
  if (statistic === "mean") return { name, ...goal };
  const percent = statistic === "median" ? MIN_PERCENT : Number(statistic.slice(1));
  if (!(percent >= MIN_PERCENT && percent <= MAX_PERCENT)) throw unreadable(source, part, EXPECTED_SLO);
  return { name: `p${percent}_${goal.metric}${of}`, ...goal, quantile: percent / 100 };
}

function partsOf(text: string): string[] {
  return text.split(/[,\s]+/).filter(Boolean);
}

function split(part: string): string[] {
  const colon = part.lastIndexOf(":");
  return colon < 0 ? [part] : [part.slice(0, colon), part.slice(colon + 1)];
}

function limitOf(
  limit: string | undefined,
  part: string,
  { source, expected }: { readonly source: string; readonly expected: string },
): number {
  const limitMs = limit === undefined || limit === "" ? NaN : Number(limit);
  if (limitMs > 0 && limitMs < Infinity) return limitMs;
  throw unreadable(source, part, expected);
}

function rejectRepeated(names: readonly string[], source: string): void {
  const repeated = names.find((name, at) => names.indexOf(name) !== at);
  if (repeated !== undefined) throw new ConfigError(`${source}: got ${repeated} twice, expected one limit for it`);
}

function unreadable(source: string, part: string, expected: string): ConfigError {
  return new ConfigError(`${source}: got "${part}", expected ${expected}`);
}

/** As users write them: `p99_ttft <= 500 ms`. */
export function sloText({ name, limitMs }: Slo): string {
  return `${name} <= ${limitMs} ms`;
}

/** `99 % of requests with ttft <= 200 ms, tpot <= 50 ms`. */
export function goodputText({ limitsMs, attainment }: GoodputGoal): string {
  const limits = Object.entries(limitsMs).map(([metric, ms]) => `${metric} <= ${ms} ms`);
  return `${Number((100 * attainment).toPrecision(6))} % of requests with ${limits.join(", ")}`;
}

/** All of them in one line. */
export function goalsText({ slos, goodput }: Goals): string {
  return [...slos.map(sloText), ...(goodput === undefined ? [] : [goodputText(goodput)])].join(", ");
}
