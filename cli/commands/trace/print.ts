/** Prints what a trace looks like: a table and a line of its arrivals for people, snake_case keys for machines. */
import { greatest, type Trace } from "../../../formats/index.js";
import type {
  ArrivalStatistics,
  LengthStatistics,
  SessionStatistics,
  Spread,
  TraceStatistics,
} from "../../../sim/index.js";
import { figure, print, printJson, printTable, warn } from "../../printing/index.js";

const percentiles = ["p50", "p90", "p99"] as const;

export interface InspectedTrace {
  readonly file: string;
  readonly trace: Trace;
  readonly statistics: TraceStatistics;
  /** Tokens of a block of the prefix cache. */
  readonly blockTokens: number;
}

export function printTrace({ file, trace, statistics, blockTokens }: InspectedTrace): void {
  const { arrivals, prefix, requests } = statistics;
  print(
    `${file} (${trace.format}): ${count(requests)} request${requests === 1 ? "" : "s"} of ${count(trace.rows)} rows`,
  );
  printTable(
    ["tokens", "mean", "min", ...percentiles, "max", "total"],
    (["prompt", "output"] as const).map((which) => {
      const { mean, min, max, total, ...rest } = statistics[which];
      const ranks = percentiles.map((percentile) => count(rest[percentile]));
      return [which, figure(mean), count(min), ...ranks, count(max), count(total)];
    }),
  );
  if (arrivals === undefined) print("arrivals: the file has none; give --request-rate, or --max-concurrency to a run");
  else for (const line of arrivalLines(arrivals)) print(line);
  if (prefix === undefined) print("prefix cache: the file does not say which prefixes prompts share");
  else print(prefixText(prefix, blockTokens));
  for (const note of trace.notes) warn(note);
}

export function printTraceJson({ file, trace, statistics, blockTokens }: InspectedTrace): void {
  const { arrivals, prefix } = statistics;
  printJson({
    file,
    format: trace.format,
    requests: statistics.requests,
    rows: trace.rows,
    notes: trace.notes,
    prompt_tokens: statistics.prompt,
    output_tokens: statistics.output,
    arrivals: arrivals === undefined ? null : arrivalKeys(arrivals),
    prefix_cache: prefix === undefined ? null : prefixKeys(prefix, blockTokens),
  } satisfies Record<string, unknown> & Record<`${"prompt" | "output"}_tokens`, LengthStatistics>);
}

function arrivalLines(arrivals: ArrivalStatistics): string[] {
  const { spanNs, meanRatePerS, mostInSecond, mostInMinute, binning, counts } = arrivals;
  const gaps = arrivals.gapVariation === undefined ? "-" : figure(arrivals.gapVariation, 3);
  const dispersion = arrivals.dispersionPerSecond === undefined ? "-" : figure(arrivals.dispersionPerSecond, 3);
  return [
    `arrivals: ${figure(spanNs / 1e9)} s, mean ${figure(meanRatePerS)} requests/s, ` +
      `most ${mostInSecond} in a second, ${mostInMinute} in a minute`,
    `burstiness: variation of the gaps ${gaps}, index of dispersion in 1 s ${dispersion} (both 1 for Poisson)`,
    ...(counts.length > 1
      ? [
          `over time: ${sparkline(counts)} (highest ${greatest(counts)} in ${figure(spanNs / 1e9 / counts.length, 3)} s)`,
        ]
      : []),
    ...(binning === undefined
      ? []
      : [
          `binned: all times are multiples of ${figure(binning.periodNs / 1e9)} s, ${binning.tiedRequests} requests share ` +
            "theirs with another; --unbin even or uniform spreads them",
        ]),
  ];
}

function arrivalKeys(arrivals: ArrivalStatistics): Record<string, unknown> {
  return {
    span_s: arrivals.spanNs / 1e9,
    mean_rate_per_s: arrivals.meanRatePerS ?? null,
    most_in_1s: arrivals.mostInSecond,
    most_in_60s: arrivals.mostInMinute,
    gap_cv: arrivals.gapVariation ?? null,
    dispersion_1s: arrivals.dispersionPerSecond ?? null,
    bin_s: arrivals.binning === undefined ? null : arrivals.binning.periodNs / 1e9,
    tied_requests: arrivals.binning?.tiedRequests ?? null,
    requests_over_time: arrivals.counts,
  };
}

const bars = "▁▂▃▄▅▆▇█";

/** A bar for each count, the highest full. */
function sparkline(counts: readonly number[]): string {
  const highest = greatest(counts);
  return counts.map((value) => bars[Math.min(bars.length - 1, Math.floor((value / highest) * bars.length))]).join("");
}

type Prefix = SessionStatistics["prefix"];

function prefixText({ hitTokens, promptTokens }: Prefix, blockTokens: number): string {
  return (
    `prefix cache: at most ${figure((100 * hitTokens) / promptTokens, 3)} % of the prompt tokens ` +
    `(${count(hitTokens)}), with blocks of ${blockTokens} and nothing evicted`
  );
}

function prefixKeys({ hitTokens, promptTokens }: Prefix, blockTokens: number): Record<string, number> {
  return {
    block_tokens: blockTokens,
    hit_tokens: hitTokens,
    prompt_tokens: promptTokens,
    hit_fraction: hitTokens / promptTokens,
  };
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}

export function printSessionStatistics(statistics: SessionStatistics, blockTokens: number): void {
  const { sessions, turns, cutTurns, branches, prefix, pauseS } = statistics;
  print(`${sessions} sessions, ${turns} turns`);
  const row = (name: string, { mean, p50, p90, max }: Spread): string[] => {
    return [name, ...[mean, p50, p90, max].map((value) => figure(value))];
  };
  printTable(
    ["", "mean", "p50", "p90", "max"],
    [
      row("turns of a session", statistics.turnsPerSession),
      row("prompt tokens", statistics.promptTokens),
      row("new tokens of a prompt", statistics.newTokens),
      row("output tokens", statistics.outputTokens),
      ...(pauseS === undefined ? [] : [row("pause before a turn, s", pauseS)]),
    ],
  );
  print(
    `${cutTurns} turns keep only a part of the prompt that they continue; ${branches} continue another turn than the latest`,
  );
  print(prefixText(prefix, blockTokens));
}

/** The same for machines. */
export function sessionKeys(statistics: SessionStatistics, blockTokens: number): Record<string, unknown> {
  const { prefix } = statistics;
  return {
    sessions: statistics.sessions,
    turns: statistics.turns,
    turns_per_session: statistics.turnsPerSession,
    prompt_tokens: statistics.promptTokens,
    new_tokens: statistics.newTokens,
    output_tokens: statistics.outputTokens,
    pause_s: statistics.pauseS ?? null,
    cut_turns: statistics.cutTurns,
    branches: statistics.branches,
    prefix_cache: prefixKeys(prefix, blockTokens),
  };
}
