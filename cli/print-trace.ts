/** Prints what a trace looks like: a table and a line of its arrivals for people, snake_case keys for machines. */
import { greatest, type Trace } from "../formats/index.js";
import type { ArrivalStatistics, LengthStatistics, TraceStatistics } from "../sim/index.js";
import { figure, print, printJson, printTable, warn } from "./output.js";

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
  const count = (value: number): string => value.toLocaleString("en-US");
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
  else {
    print(
      `prefix cache: at most ${figure((100 * prefix.hitTokens) / prefix.promptTokens, 3)} % of the prompt tokens ` +
        `(${count(prefix.hitTokens)}), with blocks of ${blockTokens} and nothing evicted`,
    );
  }
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
    prefix_cache:
      prefix === undefined
        ? null
        : {
            block_tokens: blockTokens,
            hit_tokens: prefix.hitTokens,
            prompt_tokens: prefix.promptTokens,
            hit_fraction: prefix.hitTokens / prefix.promptTokens,
          },
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
