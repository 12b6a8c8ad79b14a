/** Prints a run's summary: a table for people (percentiles of too few requests hidden), vLLM bench's keys for machines. */
import {
  eachRequest,
  greatest,
  parseClasses,
  percent,
  sharePercent,
  type RequestRecord,
  type Run,
  type RunInfo,
} from "../../formats/index.js";
import { columnsIn, summarise, type RunCapacity, type SessionSummary, type Summary } from "../../sim/index.js";
import {
  countFigure,
  figure,
  growingText,
  growsThroughout,
  intervalsOf,
  print,
  printCapacity,
  printIntervalKey,
  printJson,
  printTable,
  summaryCell,
  totals,
  warn,
} from "../printing/index.js";
import { vllmResult } from "./vllm-format.js";

const metrics = [
  ["ttft", "time to first token"],
  ["tpot", "time per output token"],
  ["itl", "inter-token latency"],
  ["e2el", "end-to-end latency"],
  ["queue", "queue time"],
] as const;
/** What only some runs tell, as run.json names it. */
const facts = [
  "label",
  "metadata",
  "engine_steps",
  "preemptions",
  "kv_blocks",
  "replicas",
  "router",
  "router_beta",
  "client",
  "from_sent",
  "sessions",
  "extrapolation",
  "capacity",
] as const;
const columns = ["mean", "p50", "p90", "p95", "p99"] as const;

/** `vllmFormat`: the figures as vLLM bench prints them, in place of the table. */
export function printRun(run: Run, { json, vllmFormat }: Record<"json" | "vllmFormat", boolean>): void {
  const summary = (run.info.summary as Summary | undefined) ?? summarise(columnsIn(run));
  const { source, policy, engine, model, valid, notes } = run.info;
  if (json) {
    const context = {
      source,
      policy,
      engine: engine.name,
      model: model.name,
      policy_settings: run.info.policy_settings,
    };
    const told = picked(run.info, facts);
    const predictions = picked(run.info, ["replications", "intervals"]);
    printJson({ ...context, ...told, ...summary, ...predictions, valid: valid ?? null, notes: notes ?? [] });
    return;
  }
  const what = `${source === "sim" ? "simulated" : "real"} ${policy} on ${model.name} (${engine.name})`;
  if (summary.completed === 0) print(`${what}: none of ${requestCount(summary.failed)} got an answer`);
  else {
    print(vllmFormat ? what : `${what}: ${requestCount(summary.completed)} in ${totals(run.info, summary)}`);
    if (vllmFormat) for (const line of vllmResult(run.info, summary)) print(line);
    const slots = "max_num_seqs" in (run.info.policy_settings ?? {}) ? "max_num_seqs" : "the batch size";
    printCapacity(run.info.capacity as RunCapacity | null | undefined, slots);
    if (vllmFormat) printReplications(run);
    else {
      printLatencies(run, summary);
      printIntervalKey(run.info);
    }
    printStart(run);
    printEngine(run);
    printClasses(run.info, summary);
    printGiveUps(summary);
    printSessions(run.info.sessions as SessionSummary | undefined);
  }
  if (summary.failed > 0) {
    const first = firstFailed(run);
    const all = summary.completed + summary.failed;
    // Each attempt of clients that try again is counted by itself.
    const counted = summary.retried === undefined ? requestCount(all) : `${countFigure(all)} attempts`;
    warn(
      `${countFigure(summary.failed)} of ${counted} got no answer, ` +
        `the first (${first?.requestId ?? "?"}) because: ${first?.error ?? "no reason given"}`,
    );
  }
  for (const text of notes ?? []) warn(text);
  for (const reason of valid?.reasons ?? []) warn(`run is not valid: ${reason}`);
}

function picked(info: RunInfo, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(keys.flatMap((key) => (key in info ? [[key, info[key]]] : [])));
}

/** What figures without their intervals are. */
function printReplications({ info }: Run): void {
  const { replications } = info;
  if (replications === undefined || Number(replications) < 2) return;
  print(`means of ${Number(replications)} replications; without --vllm-format, with their intervals`);
}

/** Above capacity what grows with the run has no figures; the others have, with the remark. */
function printLatencies({ info }: Run, summary: Summary): void {
  const intervals = intervalsOf(info);
  const capacity = info.capacity as RunCapacity | null | undefined;
  const isAbove = capacity?.verdict === "above" && capacity.latency_growth_s_per_min !== undefined;
  printTable(
    [isAbove ? "ms, above capacity" : "ms", ...columns],
    metrics
      .filter(([metric]) => summary[`mean_${metric}_ms`] !== undefined)
      .map(([metric, title]) => {
        if (isAbove && growsThroughout(capacity, metric)) return [title, ...growingText(capacity, columns.length)];
        return [title, ...columns.map((statistic) => summaryCell(summary, `${statistic}_${metric}_ms`, intervals))];
      }),
  );
}

/** What came before a real run's clock started, so that no start-up is inside it. */
function printStart({ info }: Run): void {
  const { load_ms: load, warm_up_ms: warmUps } = info.engine.settings as { load_ms?: number; warm_up_ms?: number[] };
  if (info.source !== "real" || load === undefined || warmUps === undefined) return;
  const [first, ...later] = warmUps.map((ms) => figure(ms, 3));
  print(
    `before the run: model loaded in ${figure(load, 3)} ms, first batch ${first ?? "-"} ms, then ${later.join(", ")} ms`,
  );
}

function firstFailed(run: Run): RequestRecord | undefined {
  for (const request of eachRequest(run)) if (request.status !== "ok") return request;
  return undefined;
}

function requestCount(count: number): string {
  return `${countFigure(count)} request${count === 1 ? "" : "s"}`;
}

/** What continuous batching did: steps, preemptions, KV blocks. */
function printEngine({ info }: Run): void {
  const {
    engine_steps: steps,
    kv_blocks: kv,
    preemptions,
    data_parallel: parallel,
  } = info as {
    data_parallel?: object;
    engine_steps?: { scheduled: number; jumped: number; in_runs: number };
    kv_blocks?: { total: number; high_water: readonly number[] };
    preemptions?: number;
  };
  if (steps === undefined || kv === undefined) return;
  const all = steps.scheduled + steps.jumped;
  const isOne = kv.high_water.length === 1;
  const engine = parallel === undefined ? "replica" : "engine";
  const used = greatest(kv.high_water);
  print(
    `${all} steps${isOne ? "" : ` on ${kv.high_water.length} ${engine}s`}, ` +
      `${percent((steps.in_runs || steps.jumped) / Math.max(1, all))} of them ` +
      `${steps.in_runs > 0 ? "drawn in runs" : "jumped over"}; ` +
      `${figure(preemptions ?? 0)} preemption${preemptions === 1 ? "" : "s"}; at most ${used} of ${kv.total} KV blocks in use` +
      `${isOne ? "" : ` on ${parallel === undefined ? "a replica" : "an engine"}`} (${sharePercent(used / kv.total)})`,
  );
}

const classColumns = ["mean_ttft_ms", "p99_ttft_ms", "mean_tpot_ms", "mean_e2el_ms", "p99_e2el_ms"] as const;

function printClasses(info: RunInfo, summary: Summary): void {
  const { classes } = info.load as { readonly classes?: string };
  const found = classes === undefined ? [] : parseClasses(classes);
  if (typeof found === "string" || found.length === 0) return;
  const intervals = intervalsOf(info);
  printTable(
    ["class", "answered", "failed", "ttft mean, ms", "p99", "tpot mean", "e2el mean", "p99", "within limits"],
    found.map(({ name }) => {
      const attainment = summary[`attainment@${name}`];
      return [
        name,
        countFigure(summary[`completed@${name}`]),
        countFigure(summary[`failed@${name}`]),
        ...classColumns.map((key) => summaryCell(summary, `${key}@${name}`, intervals)),
        attainment === undefined || attainment === null ? "-" : sharePercent(attainment),
      ];
    }),
  );
}

function printGiveUps(summary: Summary): void {
  const { aborted, retried = 0, unanswered = 0, wasted_gpu_share: share } = summary;
  if (aborted === undefined) return;
  print(
    `clients gave up ${countFigure(aborted)} times (${countFigure(summary.aborted_before_first_token)} before the first token, ` +
      `${countFigure(summary.aborted_in_answer)} within the answer) and tried again ${countFigure(retried)} times; ` +
      `${countFigure(unanswered)} requests were never answered`,
  );
  print(
    `wasted on what was given up: ${share === undefined ? "at least " : ""}${countFigure(summary.wasted_prompt_tokens)} prompt and ` +
      `${countFigure(summary.wasted_output_tokens)} output tokens` +
      (share === undefined ? "" : `, ${sharePercent(share)} of the busy time`),
  );
}

export function printSessions(sessions: SessionSummary | undefined): void {
  if (sessions === undefined) return;
  const { count, completed, mean_session_s: mean, p50_session_s: p50, p90_session_s: p90 } = sessions;
  const share = sessions.cached_share;
  const times = mean === null ? "" : `, in ${figure(mean)} s on average (p50 ${figure(p50)} s, p90 ${figure(p90)} s)`;
  print(
    `${countFigure(completed)} of ${countFigure(count)} sessions answered whole${times}; ` +
      `${share === null ? "-" : percent(share)} of all prompt tokens were cached`,
  );
  printTable(
    ["turn", "requests", "ttft mean, ms", "p50", "p90", "prompt cached"],
    sessions.by_turn.map((row) => [
      row.to_turn === undefined ? String(row.turn) : `${row.turn} to ${row.to_turn}`,
      String(row.requests),
      figure(row.mean_ttft_ms),
      figure(row.p50_ttft_ms),
      figure(row.p90_ttft_ms),
      row.cached_share === null ? "-" : percent(row.cached_share),
    ]),
  );
}
