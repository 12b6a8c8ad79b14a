/**
 * A run's summary as the block of lines that `vllm bench serve` ends with, for eyes and scripts that are used to it. Its layout
 * and names are those of vLLM's vllm/benchmarks/serve.py. vLLM's peak output token throughput is left out: no run records it.
 */
import type { RunInfo } from "../../formats/index.js";
import type { RunCapacity, Summary } from "../../sim/index.js";
import { growsThroughout, TOO_FEW } from "../printing/index.js";

const WIDTH = 50;
const NAME_WIDTH = 40;

const metrics = [
  ["ttft", "TTFT", "Time to First Token"],
  ["tpot", "TPOT", "Time per Output Token (excl. 1st token)"],
  ["itl", "ITL", "Inter-token Latency"],
  ["e2el", "E2EL", "End-to-end Latency"],
] as const;
const statistics = [
  ["mean", "Mean"],
  ["median", "Median"],
  ["p99", "P99"],
] as const;

/** `summary`: of that run. A percentile of too few requests, and what grows with the length of the run, have no figure. */
export function vllmResult(info: RunInfo, summary: Summary): string[] {
  const { max_concurrency: concurrency, request_rate: rate } = info.load as {
    max_concurrency?: number | null;
    request_rate?: number | null;
  };
  const given = (name: string, text: (value: number) => string, value: number | null | undefined): string[] =>
    value === null || value === undefined ? [] : [line(name, text(value))];
  return [
    ruled(" Serving Benchmark Result ", "="),
    line("Successful requests:", count(summary.completed)),
    line("Failed requests:", count(summary.failed)),
    ...given("Maximum request concurrency:", count, concurrency),
    ...given("Request rate configured (RPS):", decimal, rate),
    line("Benchmark duration (s):", decimal(summary.duration)),
    line("Total input tokens:", count(summary.total_input_tokens)),
    line("Total generated tokens:", count(summary.total_output_tokens)),
    line("Request throughput (req/s):", decimal(summary.request_throughput)),
    ...given("Request goodput (req/s):", decimal, summary.request_goodput),
    line("Output token throughput (tok/s):", decimal(summary.output_throughput)),
    line("Peak concurrent requests:", decimal(summary.max_concurrent_requests)),
    line("Total token throughput (tok/s):", decimal(summary.total_token_throughput)),
    ...metrics.flatMap(([metric, short, title]) => latencyLines(info, summary, { metric, short, title })),
    "=".repeat(WIDTH),
  ];
}

interface Latency {
  readonly metric: (typeof metrics)[number][0];
  readonly short: string;
  readonly title: string;
}

function latencyLines(info: RunInfo, summary: Summary, { metric, short, title }: Latency): string[] {
  if (summary[`mean_${metric}_ms`] === undefined) return [];
  const capacity = info.capacity as RunCapacity | null | undefined;
  const grows = capacity?.verdict === "above" && growsThroughout(capacity, metric);
  return [
    ruled(title, "-"),
    ...statistics.map(([statistic, name]) => {
      const key = `${statistic}_${metric}_ms` as const;
      const isHidden = summary.hidden_percentiles.includes(key);
      const text = grows ? "(grows with the run)" : isHidden ? TOO_FEW : decimal(summary[key]);
      return line(`${name} ${short} (ms):`, text);
    }),
  ];
}

function line(name: string, value: string): string {
  return `${name.padEnd(NAME_WIDTH)} ${value.padEnd(10)}`;
}

/** Centred as Python centres: what is left over goes to the right. */
function ruled(title: string, sign: string): string {
  const left = Math.floor((WIDTH - title.length) / 2);
  return `${sign.repeat(left)}${title}`.padEnd(WIDTH, sign);
}

/** A mean over replications may have a fraction. */
function count(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(2);
}

function decimal(value: number | null | undefined): string {
  return value === null || value === undefined ? "-" : value.toFixed(2);
}
