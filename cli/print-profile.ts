/** Prints a profile for people: coefficients with intervals, and how well the fit holds on shapes kept out of it. */
import { costRows } from "../experiment/index.js";
import type { FitScore, Profile } from "../formats/index.js";
import { figure, print, printTable } from "./output.js";

export function printProfile(profile: Profile): void {
  const { cost, fit, held_out, memory, range } = profile;
  print(`${profile.name}: ${profile.source}`);
  printTable(
    ["stage", "per", "µs", "95 % interval, µs"],
    costRows(cost).map(({ stage, per, ns, intervalNs }) => [
      stage,
      per,
      micros(ns),
      intervalNs === undefined ? "" : intervalNs.map(micros).join(" to "),
    ]),
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
        : [[`${name}, ${stage}`, String(of.points), percent(of.median_ape), percent(of.p90_ape)]];
    }),
  );
  if (errors.length > 0) printTable(["error", "shapes", "median", "P90"], errors);
  print(
    `memory: ${mib(memory.base_bytes)} before the first batch, ${figure(memory.kv_bytes_per_token / 1024)} KiB of KV per token; ` +
      `measured for batches of ${range.batch.join(" to ")}, prompts of ${range.prompt_tokens.join(" to ")} tokens`,
  );
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
