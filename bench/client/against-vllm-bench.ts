/**
 * The same load on the same server measured by `vllm bench serve` and by servesim, turn by turn, so that a drift of the
 * machine meets both: do they agree on every metric that both report? For each metric the difference of neighbouring runs
 * is taken; they agree where its 95 % interval over the rounds holds zero.
 *
 *   tsx bench/client/against-vllm-bench.ts --base-url http://127.0.0.1:8000 --tokenizer MODEL [--vocab-size N]
 *     [--bench "vllm bench serve"] [--rounds 5] [--num-prompts 100] [--request-rate 6 | --max-concurrency 4]
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { mean } from "../../sim/index.js";

const { values } = parseArgs({
  options: {
    "base-url": { type: "string", default: "http://127.0.0.1:8000" },
    tokenizer: { type: "string" },
    model: { type: "string" },
    "vocab-size": { type: "string", default: "32000" },
    bench: { type: "string", default: "vllm bench serve" },
    rounds: { type: "string", default: "5" },
    "num-prompts": { type: "string", default: "100" },
    "request-rate": { type: "string" },
    "max-concurrency": { type: "string" },
    burstiness: { type: "string", default: "1" },
    "input-len": { type: "string", default: "48" },
    "output-len": { type: "string", default: "12" },
  },
});

type Result = Readonly<Record<string, number>>;

const metrics = [
  "duration",
  "request_throughput",
  "output_throughput",
  "total_input_tokens",
  "total_output_tokens",
  ...["ttft", "tpot", "itl", "e2el"].flatMap((metric) =>
    ["mean", "median", "p95", "p99"].map((statistic) => `${statistic}_${metric}_ms`),
  ),
];

/** 97.5th percentile of Student's t by degrees of freedom, from 1. */
const STUDENT_T = [12.71, 4.3, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26];

const folder = mkdtempSync(join(tmpdir(), "against-vllm-bench-"));
try {
  const rounds = Number(values.rounds);
  const pairs: { readonly theirs: Result; readonly ours: Result }[] = [];
  for (let round = 0; round < rounds; round++) {
    // Who goes first changes from round to round.
    const first = round % 2 === 0 ? theirs(round) : ours(round);
    const second = round % 2 === 0 ? ours(round) : theirs(round);
    pairs.push(round % 2 === 0 ? { theirs: first, ours: second } : { theirs: second, ours: first });
    console.error(`round ${round + 1} of ${rounds}`);
  }
  printTable(pairs);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** What both learn of the load, by the same names. */
function loadWords(round: number): string[] {
  const closed = values["max-concurrency"];
  return [
    ...["--base-url", values["base-url"], "--endpoint", "/v1/completions", "--seed", String(round + 1)],
    ...["--dataset-name", "random", "--random-input-len", values["input-len"]],
    ...["--random-output-len", values["output-len"], "--num-prompts", values["num-prompts"]],
    ...(closed === undefined
      ? ["--request-rate", values["request-rate"] ?? "6", "--burstiness", values.burstiness]
      : ["--max-concurrency", closed]),
    ...["--metric-percentiles", "50,95,99", "--num-warmups", "2", "--ignore-eos"],
  ];
}

function theirs(round: number): Result {
  const file = `theirs-${round}.json`;
  const words = [...loadWords(round), "--backend", "openai", "--random-range-ratio", "0", "--disable-tqdm"];
  const tokenizer = values.tokenizer === undefined ? [] : ["--tokenizer", values.tokenizer];
  const model = values.model === undefined ? [] : ["--model", values.model];
  const named = [
    "--percentile-metrics",
    "ttft,tpot,itl,e2el",
    "--save-result",
    "--result-dir",
    folder,
    "--result-filename",
    file,
  ];
  run(values.bench.split(" "), [...words, ...tokenizer, ...model, ...named]);
  return read(file);
}

function ours(round: number): Result {
  const file = `ours-${round}.json`;
  const words = [...loadWords(round), "--backend", "vllm", "--vocab-size", values["vocab-size"], "--no-server-view"];
  const program = resolve("dist/cli/main.js");
  run([process.execPath, program, "bench"], [...words, "--save-result", join(folder, file)]);
  return read(file);
}

function run([program, ...first]: readonly string[], words: readonly string[]): void {
  const { status, stderr, error } = spawnSync(program!, [...first, ...words], { encoding: "utf8" });
  if (status === 0) return;
  throw new Error(
    `${program!} ${first.join(" ")} failed: ${error?.message ?? stderr.split("\n").slice(-15).join("\n")}`,
  );
}

function read(file: string): Result {
  return JSON.parse(readFileSync(join(folder, file), "utf8")) as Result;
}

function printTable(pairs: readonly { readonly theirs: Result; readonly ours: Result }[]): void {
  const t = STUDENT_T[Math.min(pairs.length - 1, STUDENT_T.length) - 1] ?? Infinity;
  console.log("| metric | vllm bench serve | servesim bench | difference | 95 % interval of it | agree |");
  console.log("| --- | ---: | ---: | ---: | ---: | --- |");
  let agreed = 0;
  for (const metric of metrics) {
    const [them, us] = [pairs.map(({ theirs: r }) => r[metric]!), pairs.map(({ ours: r }) => r[metric]!)];
    // Of ratios, so that twice as long weighs as much as half as long.
    const logs = pairs.map((_, at) => Math.log(us[at]! / them[at]!));
    const half = (t * deviation(logs)) / Math.sqrt(pairs.length);
    const agrees = Math.abs(mean(logs)) <= half || mean(logs) === 0;
    if (agrees) agreed++;
    const percent = (log: number): string => (100 * Math.expm1(log)).toFixed(1);
    const difference = percent(mean(logs));
    const interval = `${percent(mean(logs) - half)} to ${percent(mean(logs) + half)} %`;
    console.log(
      `| ${metric} | ${figures(them)} | ${figures(us)} | ${difference} % | ${interval} | ${agrees ? "yes" : "no"} |`,
    );
  }
  console.log(
    `\n${agreed} of ${metrics.length} metrics agree; ${pairs.length} rounds; mean (least to most) of the rounds`,
  );
}

function figures(samples: readonly number[]): string {
  const show = (value: number): string => String(Number(value.toPrecision(4)));
  const [least, most] = [Math.min(...samples), Math.max(...samples)];
  return least === most ? show(least) : `${show(mean(samples))} (${show(least)} to ${show(most)})`;
}

function deviation(samples: readonly number[]): number {
  const average = mean(samples);
  return Math.sqrt(samples.reduce((sum, value) => sum + (value - average) ** 2, 0) / Math.max(1, samples.length - 1));
}
