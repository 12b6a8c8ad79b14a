/**
 * npx tsx bench/original-suite/findings.ts [NAME ...]: the simulated evidence behind docs/original-suite.md, a table a
 * finding, with the shipped profile. Names: ttft, confounding, requests, words, target, sla; none: all of them.
 */
import { ConfigError, loadSchema, type Load } from "../../formats/index.js";
import { readProfile } from "../../formats/files/index.js";
import { e2elMs, mean, quantile, queueMs, ttftMs, type SimulationResult } from "../../sim/index.js";
import { readRecorded, type RecordedFigures } from "./cell-figures.js";
import { markdownTable } from "./markdown-table.js";
import { runScript } from "./run-script.js";
import {
  crossCells,
  PROFILE_PATH,
  RECORDED_PATH,
  shippedPrompts,
  simulateCell,
  suiteCells,
  type Cell,
} from "./suite.js";

/** A cell simulated with the shipped profile. */
type Run = (cell: Cell) => SimulationResult;

const findings: Readonly<Record<string, (run: Run) => string>> = { ttft, confounding, requests, words, target, sla };

await runScript(async () => {
  const profile = readProfile(PROFILE_PATH);
  const prompts = await shippedPrompts();
  const run: Run = (cell) => simulateCell(cell, profile, prompts);
  const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(findings);
  for (const name of names) {
    const print = findings[name];
    if (print === undefined) throw new ConfigError(`no finding "${name}" (known: ${Object.keys(findings).join(", ")})`);
    console.log(`${name}\n\n${print(run)}\n`);
  }
  return 0;
});

/** What the recorded "TTFT" is made of: waiting, the first token, the rest of the batch. */
function ttft(run: Run): string {
  const rows = suiteCells().map((cell) => {
    const { requests } = run(cell);
    const batchMs = meanOf(requests, (request) => e2elMs(request)! - queueMs(request)!);
    return [
      cellName(cell),
      (recordedOf(cell).mean_latency_s * 1000).toFixed(0),
      meanOf(requests, queueMs).toFixed(0),
      batchMs.toFixed(0),
      meanOf(requests, ttftMs).toFixed(0),
      meanOf(requests, e2elMs).toFixed(0),
    ];
  });
  return markdownTable(
    ["cell", 'recorded "TTFT", ms', "waiting, ms", "own batch, ms", "first token, ms", "whole answer, ms"],
    rows,
  );
}

/** Mean latency for every batch size and request count; the suite ran the diagonal alone. */
function confounding(run: Run): string {
  const cells = crossCells();
  const rowLabels = [...new Set(cells.map(({ policy }) => policy.label!))];
  const rows = rowLabels.map((label) => [
    label,
    ...cells
      .filter(({ policy }) => policy.label === label)
      .map((cell) => {
        const isDiagonal = suiteCells().some((s) => s.policy.label === label && s.load.label === cell.load.label);
        const figure = meanOf(run(cell).requests, e2elMs).toFixed(0);
        return isDiagonal ? `**${figure}**` : figure;
      }),
  ]);
  return markdownTable(["mean latency, ms", "25 requests", "50 requests", "99 requests"], rows);
}

/** Why naive gets faster from run to run: batches that a request waits for, the warm-up, the last batch's timeout. */
function requests(run: Run): string {
  const base = suiteCells().filter(({ policy }) => policy.policy === "naive");
  const rows = base.flatMap((cell) => [
    requestsRow(cellName(cell), run(cell), cell),
    ...(cell.load.cold_start === true
      ? [requestsRow("the same, warm", run({ ...cell, load: { ...cell.load, cold_start: false } }), cell)]
      : []),
  ]);
  return markdownTable(
    ["cell", "batch size", "mean, ms", "P50, ms", "P50 in batches", "mean without the last batch, ms"],
    rows,
  );
}

function requestsRow(name: string, { requests: all, batches }: SimulationResult, cell: Cell): string[] {
  const last = batches.at(-1)!.batchId;
  const durationsMs = Float64Array.from(batches, ({ startNs, endNs }) => (endNs - startNs) / 1e6).sort();
  return [
    name,
    String(cell.policy.batch_size),
    meanOf(all, e2elMs).toFixed(0),
    p50Of(all).toFixed(0),
    (p50Of(all) / quantile(durationsMs, 0.5)).toFixed(1),
    meanOf(
      all.filter(({ batchId }) => batchId !== last),
      e2elMs,
    ).toFixed(0),
  ];
}

/** Words a second, as recorded, beside tokens a second of each request and of the machine. */
function words(run: Run): string {
  const rows = suiteCells().map((cell) => {
    const real = recordedOf(cell);
    const { requests, batches } = run(cell);
    const perRequest = mean(requests.map((request) => request.outputTokens / (e2elMs(request)! / 1000)));
    const tokens = requests.reduce((sum, request) => sum + request.outputTokens, 0);
    return [
      cellName(cell),
      real.mean_output_words.toFixed(1),
      real.mean_words_per_s.toFixed(1),
      perRequest.toFixed(1),
      (tokens / (batches.at(-1)!.endNs / 1e9)).toFixed(1),
    ];
  });
  const vllm = readRecorded(RECORDED_PATH).cells.filter(({ policy }) => policy === "vllm");
  const continuous = vllm.map(({ run: number, mean_output_words, mean_words_per_s }) => [
    `vllm run ${number}`,
    mean_output_words.toFixed(1),
    mean_words_per_s.toFixed(1),
    "",
    "",
  ]);
  return markdownTable(
    ["cell", "recorded words an answer", 'recorded "tokens"/s', "20 tokens / latency, 1/s", "machine, tokens/s"],
    [...rows, ...continuous],
  );
}

/** dynamic, 99 requests: the target against the number of clients. */
function target(run: Run): string {
  const cell = dynamic99();
  const variants: (readonly [string, Record<string, unknown>, Partial<Load>])[] = [
    ["as run", {}, {}],
    ["max_batch_size 10", { max_batch_size: 10 }, {}],
    ["max_batch_size 8", { max_batch_size: 8 }, {}],
    ["timeout_s 0.05", { timeout_s: 0.05 }, {}],
    ["32 clients", {}, { max_concurrency: 32 }],
  ];
  const rows = variants.map(([name, settings, load]) => {
    const result = run({ policy: { ...cell.policy, ...settings }, load: { ...cell.load, ...load } });
    return [name, ...outcome(result, "timeout"), result.batches.map(({ size }) => size).join(" ")];
  });
  return markdownTable(["dynamic, 99 requests", ...outcomeHeader("timeout"), "batch sizes"], rows);
}

/** dynamic, 99 requests: the suite's SLA rule and a timer, bound above and below the timeout; ten clients, then arrivals. */
function sla(run: Run): string {
  const cell = dynamic99();
  const loads: Readonly<Record<string, Load>> = {
    "ten clients": cell.load,
    "one every 100 ms": loadSchema.parse({ num_prompts: 99, request_rate: 10, arrivals: "constant" }),
  };
  const rows = Object.entries(loads).flatMap(([arrivals, load]) =>
    [2, 0.4, 0.3, 0.2].flatMap((waitS) =>
      ["reference", "deadline"].map((rule) => {
        const result = run({ policy: { ...cell.policy, max_time_wait_s: waitS, sla: rule }, load });
        return [arrivals, waitS.toFixed(1), rule, ...outcome(result, "sla")];
      }),
    ),
  );
  return markdownTable(["arrivals", "max_time_wait_s", "sla", ...outcomeHeader("sla")], rows);
}

function outcomeHeader(reason: string): string[] {
  return ["batches", `left by ${reason}`, "mean, ms", "P95, ms", "longest wait, ms"];
}

function outcome({ requests, batches }: SimulationResult, reason: string): string[] {
  const sorted = Float64Array.from(requests, (request) => e2elMs(request)!).sort();
  return [
    String(batches.length),
    String(batches.filter((batch) => batch.reason === reason).length),
    mean(sorted).toFixed(0),
    quantile(sorted, 0.95).toFixed(0),
    Math.max(...requests.map((request) => queueMs(request)!)).toFixed(0),
  ];
}

function dynamic99(): Cell {
  return suiteCells().find(({ policy, load }) => policy.policy === "dynamic" && load.num_prompts === 99)!;
}

function cellName(cell: Cell): string {
  return `${cell.policy.policy} run ${recordedOf(cell).run}`;
}

function recordedOf({ policy, load }: Cell): RecordedFigures {
  return readRecorded(RECORDED_PATH).cells.find((r) => r.policy === policy.policy && r.requests === load.num_prompts)!;
}

type Requests = SimulationResult["requests"];

function meanOf(of: Requests, metric: (request: Requests[number]) => number | null): number {
  return mean(of.map((request) => metric(request)!));
}

function p50Of(of: Requests): number {
  return quantile(Float64Array.from(of, (request) => e2elMs(request)!).sort(), 0.5);
}
