/** Where the time of one request of a run went, and how it compares with the others of the run. */
import { ConfigError, type RequestTable } from "../../formats/index.js";
import { explainRun, partNames, sumOfParts, type ExplainedRun, type Parts } from "../../sim/index.js";
import { explainedMetrics, inputOf, partsOfMetric, type ExplainedMetric, type Scenario } from "../scenario/index.js";

/** Of one request, as JSON. */
export interface RequestExplanation {
  readonly request_id: string;
  readonly arrival_ms: number;
  readonly prompt_tokens: number;
  readonly output_tokens: number;
  /** An answer of one token has no tpot. */
  readonly latencies: readonly RequestLatency[];
  /** Requests that decoded together with it, by time; null: it did not decode. */
  readonly beside: number | null;
}

export interface RequestLatency {
  readonly metric: ExplainedMetric;
  readonly value_ms: number;
  /** Share of the run's requests that have a smaller value. */
  readonly slower_than: number;
  /** ms by part; they add up to the value. */
  readonly parts: Readonly<Record<string, number>>;
}

/**
 * Simulates the scenario's first day, which is the run itself where a run folder describes it. ConfigError for an id that no
 * request has, and for a request without an answer.
 */
export function explainRequest(scenario: Scenario, id: string): RequestExplanation {
  const run = explainRun(inputOf(scenario, { seed: scenario.seed, draw: null }));
  const { table } = run.outcome;
  const row = rowOf(table, id);
  const request = run.requests[row];
  if (request === undefined) {
    const { status, error = "it gives no reason" } = table.record(row);
    throw new ConfigError(`--request ${id}: it got no answer (${status}: ${error}), so its time has no parts`);
  }
  const { decodeNs, besideNs } = request;
  return {
    request_id: id,
    arrival_ms: table.arrivalNs[row]! / 1e6,
    prompt_tokens: table.promptTokens[row]!,
    output_tokens: table.outputTokens[row]!,
    latencies: explainedMetrics.flatMap((metric) => latencyOf(metric, run, row)),
    beside: decodeNs === 0 ? null : besideNs / decodeNs,
  };
}

function rowOf(table: RequestTable, id: string): number {
  for (let row = 0; row < table.rows; row++) if (table.requestId(row) === id) return row;
  throw new ConfigError(
    `--request ${id}: no request of the run has that id; its ${table.rows} requests are "${table.requestId(0)}" to ` +
      `"${table.requestId(table.rows - 1)}" (column request_id of requests.csv)`,
  );
}

function latencyOf(
  metric: ExplainedMetric,
  { outcome: { table }, requests }: ExplainedRun,
  row: number,
): RequestLatency[] {
  const all = requests.map((request, at) =>
    request === undefined ? undefined : partsOfMetric(metric, request, table.outputTokens[at]!),
  );
  const parts = all[row];
  if (parts === undefined) return [];
  const values = all.flatMap((each) => (each === undefined ? [] : [sumOfParts(each)]));
  const wholeNs = sumOfParts(parts);
  return [
    {
      metric,
      value_ms: wholeNs / 1e6,
      slower_than: values.filter((value) => value < wholeNs).length / values.length,
      parts: partsInMs(parts),
    },
  ];
}

/** Without those of no whole nanosecond, which only rounding leaves. */
function partsInMs(parts: Parts): Readonly<Record<string, number>> {
  return Object.fromEntries(
    partNames.flatMap((name) => (Math.abs(parts[name]) < 0.5 ? [] : [[name, parts[name] / 1e6]])),
  );
}
