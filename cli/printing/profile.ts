/** Prints a profile for people: coefficients with intervals, and how well the fit holds on shapes kept out of it. */
import type { OomProbe } from "../../calibrate/onnx/index.js";
import { percent, type FitScore, type Profile } from "../../formats/index.js";
import { costRows, describeSteps, stepCostRows } from "../../jobs/experiment/index.js";
import { largestBatch } from "../../sim/index.js";
import { figure, print, printTable } from "./print.js";
import { rangeText } from "./statistics.js";

export function printProfile(profile: Profile): void {
  const { cost, fit, held_out, memory, range, steps } = profile;
  print(`${profile.name}: ${profile.source}`);
  printTable(
    ["stage", "per", "µs", "95 % interval, µs"],
    [...costRows(cost, profile.cost_intervals), ...(steps === undefined ? [] : stepCostRows(steps))].map(
      ({ stage, per, ns, intervalNs }) => [stage, per, micros(ns), rangeText(intervalNs ?? null, micros)],
    ),
  );
  const scores = [
    ["fit", fit],
    ["held out", held_out],
  ] as const;
  const errors = scores.flatMap(([name, score]) =>
    (["prefill", "decode", "batch"] as const).flatMap((stage) => {
      const of: FitScore | undefined = score?.[stage];
      return of === undefined
        ? []
        : [[`${name}, ${stage}`, String(of.points), percent(of.median_ape, 1), percent(of.p90_ape, 1)]];
    }),
  );
  if (errors.length > 0) printTable(["error", "shapes", "median", "P90"], errors);
  print(
    `memory: ${mib(memory.base_bytes)} before the first batch, ${figure(memory.kv_bytes_per_token / 1024)} KiB of KV per token; ` +
      `measured for batches of ${range.batch.join(" to ")}, prompts of ${range.prompt_tokens.join(" to ")} tokens`,
  );
  if (steps !== undefined) for (const line of describeSteps(steps)) print(line);
  if (cost.kind === "static_batch") printLargestBatch(profile);
}

function printLargestBatch(profile: Profile): void {
  const { range, memory } = profile;
  const [, prompt] = range.prompt_tokens;
  const output = Math.max(1, range.context_tokens[1] - prompt + 1);
  const rows = largestBatch(profile, prompt, output);
  const most =
    rows === Infinity ? "memory does not grow with rows" : `${rows} rows fit into ${mib(memory.total_bytes)}`;
  print(`largest batch of ${prompt} prompt and ${output} output tokens: ${most}, as the model has it`);
}

/** What trying found, beside what the memory model said. */
export function printProbe(probe: OomProbe): void {
  const { promptTokens, outputTokens, predictedRows, limitBytes, fits, fails, why } = probe;
  const edge = fails === undefined ? "no larger one was tried" : `${fails} did not (${firstLine(why ?? "no reason")})`;
  print(
    `tried with ${mib(limitBytes)}: a batch of ${fits} rows of ${promptTokens} prompt and ${outputTokens} output tokens ran, ` +
      `${edge}; the memory model predicted ${predictedRows}`,
  );
}

function firstLine(text: string): string {
  return text.split("\n")[0]!.slice(0, 160);
}

function micros(ns: number): string {
  return figure(ns / 1e3);
}

function mib(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MiB`;
}
