/** Runs a group's commands in turn, as often as it says, and puts what they took into a Markdown table. */
import { spawnSync } from "node:child_process";
import { performance } from "node:perf_hooks";
import { pathToFileURL } from "node:url";
import { BackendError, least } from "../../formats/index.js";
import { median } from "../../sim/index.js";
import { markdownTable } from "../original-suite/markdown-table.js";
import { grouped } from "../sim/figure-text.js";
import type { CommandGroup, TimedCommand } from "./groups.js";

export interface CommandTimes {
  readonly label: string;
  /** Wall time, a value for each round. */
  readonly seconds: readonly number[];
  /** Empty where memory was not asked for. */
  readonly peakMib: readonly number[];
}

interface Taken {
  readonly seconds: number;
  readonly peakMib: readonly number[];
}

const HOOK = pathToFileURL("dist/bench/commands/report-peak.js").href;

/** BackendError with what the command said when it failed. */
export function runGroup({ commands, withMemory }: CommandGroup, rounds: number): CommandTimes[] {
  const taken = commands.map((): Taken[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [at, command] of commands.entries()) taken[at]!.push(runOnce(command, withMemory));
  }
  return commands.map(({ label }, at) => ({
    label,
    seconds: taken[at]!.map(({ seconds }) => seconds),
    peakMib: taken[at]!.flatMap(({ peakMib }) => peakMib),
  }));
}

function runOnce({ label, words }: TimedCommand, withMemory: boolean): Taken {
  const args = withMemory ? ["--import", HOOK, ...words] : words;
  const startMs = performance.now();
  const child = spawnSync(process.execPath, args, { stdio: ["ignore", "ignore", "pipe", "pipe"], encoding: "utf8" });
  const seconds = (performance.now() - startMs) / 1e3;
  if (child.status !== 0) throw new BackendError(`${label}: exit code ${child.status}\n${child.stderr}`.trimEnd());
  return { seconds, peakMib: withMemory ? [Number(child.output[3])] : [] };
}

export function commandTable(times: readonly CommandTimes[]): string {
  const withMemory = times.some(({ peakMib }) => peakMib.length > 0);
  const rows = times.map(({ label, seconds, peakMib }) => [
    label,
    median(seconds).toFixed(3),
    least(seconds).toFixed(3),
    ...(withMemory ? [grouped(median(peakMib))] : []),
  ]);
  return markdownTable(["command", "median, s", "least, s", ...(withMemory ? ["peak RSS MiB"] : [])], rows);
}
