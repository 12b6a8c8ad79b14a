/** The figures of the policies side by side, with differences to the pinned baseline. */
import type { ComparedPolicy } from "../model/index.js";
import type { Outcome, ShownRun } from "../worker/index.js";
import { element } from "./dom.js";
import { difference, duration, figure } from "./figures.js";

/** grows: the queue grows as long as the load lasts, and the latency with it. Null: not known; undefined: the run has no such thing. */
type Value = number | "grows" | null | undefined;

interface Row {
  /** In run.json, or facts of the run. */
  readonly key: string;
  readonly label: string;
  readonly help: string;
  /** Absent: neither is. */
  readonly better?: "lower" | "higher";
  readonly text: (value: number) => string;
  readonly value: (run: ShownRun) => Value;
}

const latency = (label: string, key: string, help: string): Row => ({
  ...{ key, label, help, better: "lower", text: duration },
  value: ({ summary }) => {
    const hidden = summary.hidden_percentiles as readonly string[];
    if (!hidden.includes(key)) return summary[key] as number | null | undefined;
    return summary.overloaded === true ? "grows" : null;
  },
});
const rate = (label: string, key: string, help: string): Row => ({
  ...{ key, label, help, better: "higher", text: (value) => figure(value) },
  value: ({ summary }) => summary[key] as number | null,
});

const rows: readonly Row[] = [
  latency("Time to first token, median", "p50_ttft_ms", "From arrival to the first token at the client."),
  latency("P90", "p90_ttft_ms", "Nine in ten requests wait less for their first token."),
  latency("P99", "p99_ttft_ms", "99 in 100 requests wait less. – : too few independent requests to say."),
  latency("Time per output token, median", "p50_tpot_ms", "After the first token, of each request."),
  latency("P90", "p90_tpot_ms", "Nine in ten requests have a faster stream."),
  latency(
    "Gap between tokens, P99",
    "p99_itl_ms",
    "Of all gaps between two tokens of an answer; of policies that run steps.",
  ),
  latency("End-to-end latency, median", "p50_e2el_ms", "From arrival to the whole answer."),
  latency("P90", "p90_e2el_ms", "Nine in ten requests are answered sooner."),
  latency("P99", "p99_e2el_ms", "99 in 100 requests are answered sooner. – : too few independent requests to say."),
  rate("Requests served per second", "request_throughput", "Completed requests over the run's duration."),
  rate("Output tokens per second", "output_throughput", "Output tokens over the run's duration."),
  {
    ...{
      key: "failed",
      label: "Requests without an answer",
      help: "Rejected, because they can never be served.",
      better: "lower",
    },
    ...{ text: (value) => figure(value, 6), value: ({ summary }) => summary.failed as number },
  },
  {
    ...{
      key: "preemptions",
      label: "Preemptions",
      help: "Requests put back because blocks ran out; they compute again.",
      better: "lower",
    },
    ...{ text: (value) => figure(value, 6), value: ({ preemptions }) => preemptions },
  },
  {
    ...{ key: "kv_blocks", label: "KV blocks in use, most", help: "Share of the KV cache." },
    ...{ text: (value) => `${figure(100 * value, 3)} %`, value: ({ kvHighWater }) => kvHighWater },
  },
];
const overload = "Requests come faster than they are served: the latency grows as long as the load lasts.";

/** Rows that go on with the metric above. */
const isSub = ({ label }: Row): boolean => /^P\d/.test(label);

type Outcomes = Readonly<Record<ComparedPolicy, Outcome>>;

/** `baseline`: outcomes of the pinned state. */
export function resultsTable(outcomes: Outcomes, baseline: Outcomes | undefined): HTMLTableElement {
  const policies = Object.keys(outcomes) as ComparedPolicy[];
  const head = policies.map((policy) =>
    element("th", { scope: "col" }, element("span", { class: `swatch ${policy}` }), policy),
  );
  const shown = rows.filter((row) => policies.some((policy) => valueIn(row, outcomes[policy]) !== undefined));
  const body = shown.map((row) => {
    const values = policies.map((policy) => valueIn(row, outcomes[policy]));
    const best = bestOf(row, values);
    const cells = values.map((value, at) => cellOf(row, value, value === best, baseline?.[policies[at]!]));
    const title = isSub(row) ? element("span", { class: "sub" }, row.label) : row.label;
    return element("tr", { title: row.help, "data-key": row.key }, element("th", { scope: "row" }, title), ...cells);
  });
  return element(
    "table",
    { class: "results" },
    element(
      "caption",
      {},
      baseline === undefined
        ? "Bold: the best of a row"
        : "Bold: the best of a row. Below: against the pinned baseline",
    ),
    element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "Metric"), ...head)),
    element("tbody", {}, ...body),
  );
}

function valueIn(row: Row, outcome: Outcome): Value {
  return "error" in outcome ? null : row.value(outcome);
}

/** Undefined where all are the same, or only one is known. */
function bestOf({ better }: Row, values: readonly Value[]): number | undefined {
  if (better === undefined) return undefined;
  const known = values.filter((value) => typeof value === "number");
  const sorted = known.toSorted((a, b) => (better === "lower" ? a - b : b - a));
  return sorted.length < 2 || sorted[0] === sorted.at(-1) ? undefined : sorted[0];
}

function cellOf(row: Row, value: Value, isBest: boolean, before: Outcome | undefined): HTMLElement {
  if (value === null || value === undefined) return element("td", {}, "–");
  if (value === "grows") return element("td", { class: "grows", title: overload }, "grows");
  const text = element(isBest ? "strong" : "span", {}, row.text(value));
  const was = before === undefined ? undefined : valueIn(row, before);
  if (typeof was !== "number") return element("td", { "data-value": value }, text);
  const change = difference(was, value);
  const kind = change === "same" || row.better === undefined ? "" : kindOf(row.better, was, value);
  const words = element(
    "span",
    { class: `difference ${kind}` },
    change,
    element("span", { class: "hidden" }, ` ${kind}`),
  );
  return element("td", { "data-value": value }, text, words);
}

function kindOf(better: "lower" | "higher", was: number, value: number): "better" | "worse" {
  return (better === "lower" ? value < was : value > was) ? "better" : "worse";
}
