/** Prints a profile for people: coefficients with intervals, and how well the fit holds on shapes kept out of it. */
import type { CostTerm, FitScore, Profile } from "../formats/index.js";
import { figure, print, printTable } from "./output.js";

export function printProfile(profile: Profile): void {
  const { cost, fit, held_out, memory, range } = profile;
  print(`${profile.name}: ${profile.source}`);
  printTable(
    ["stage", "per", "µs", "95 % interval, µs"],
    [
      ...cost.prefill.map((term) => termRow("prefill", term)),
      ...cost.decode_step.map((term) => termRow("decode step", term)),
      ["batch", "hand-over", micros(cost.dispatch_ns), ""],
      ["first batch", "cold start", micros(cost.cold_start_ns), ""],
    ],
  );
  const scores = [
    ["fit", fit],
    ["held out", held_out],
  ] as const;
  printTable(
    ["error", "shapes", "median", "P90"],
    scores.flatMap(([name, score]) =>
      (["prefill", "decode", "batch"] as const).flatMap((stage) => {
        const of: FitScore | undefined = score?.[stage];
        return of === undefined
          ? []
          : [[`${name}, ${stage}`, String(of.points), percent(of.median_ape), percent(of.p90_ape)]];
      }),
    ),
  );
  print(
    `memory: ${mib(memory.base_bytes)} before the first batch, ${figure(memory.kv_bytes_per_token / 1024)} KiB of KV per token; ` +
      `measured for batches of ${range.batch.join(" to ")}, prompts of ${range.prompt_tokens.join(" to ")} tokens`,
  );
}

function termRow(stage: string, term: CostTerm): string[] {
  const upto = term.upto === undefined ? "" : ` up to ${term.upto}`;
  const beyond = term.beyond === undefined ? "" : ` beyond ${term.beyond}`;
  const interval = term.ci95_ns === undefined ? "" : term.ci95_ns.map(micros).join(" to ");
  return [stage, `${term.basis.replace("_", " ")}${upto}${beyond}`, micros(term.coefficient_ns), interval];
}

function micros(ns: number): string {
  return figure(ns / 1e3);
}

function percent(fraction: number): string {
  return `${(fraction * 100).toFixed(1)} %`;
}

function mib(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MiB`;
}
