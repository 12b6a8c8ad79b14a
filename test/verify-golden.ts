/**
 * npm run -s verify:golden -- FILE.json[.gz]: replays recorded scheduler decisions and prints, last,
 * `scenarios S/T, events E/F identical`, with `, K skipped (speculative decoding)` after the names of those that need what is
 * not modelled. Exit 1 when anything differs or nothing was replayed, 2 when the file cannot be read.
 */
import { runScript } from "../bench/original-suite/run-script.js";
import { ConfigError } from "../formats/index.js";
import { readJson } from "../formats/files/index.js";
import { replayNaiveDynamic } from "./golden/naive-dynamic.js";
import type { GoldenReport } from "./golden/report.js";
import { replayVllm } from "./golden/vllm.js";

type Replay = (file: unknown, source: string) => GoldenReport;

/** By what a file says its format is; the recording of vLLM's classes says 1. */
const replays = new Map<unknown, Replay>([
  ["naive-dynamic-golden/1", replayNaiveDynamic],
  [1, replayVllm],
]);

function main(path: string | undefined): number {
  if (path === undefined) throw new ConfigError("no file given, expected: npm run -s verify:golden -- FILE.json[.gz]");
  const file = readJson(path);
  const format = (file as { format?: unknown } | null)?.format;
  const replay = replays.get(format);
  if (replay === undefined) {
    const got = format === undefined ? "none" : JSON.stringify(format);
    throw new ConfigError(`${path}: format: got ${got}, expected "naive-dynamic-golden/1" or 1 (vLLM's classes)`);
  }
  const report = replay(file, path);
  const { scenarios, identicalScenarios, skipped = [], notes = [] } = report;
  for (const note of notes) console.log(`note: ${note}`);
  if (skipped.length > 0) console.log(`skipped (speculative decoding): ${skipped.join(" ")}`);
  if (report.firstDifference !== undefined) console.log(`first difference: ${report.firstDifference}`);
  console.log(
    `scenarios ${identicalScenarios}/${scenarios}, events ${report.identicalEvents}/${report.events} identical` +
      (skipped.length > 0 ? `, ${skipped.length} skipped (speculative decoding)` : ""),
  );
  return identicalScenarios === scenarios && scenarios > 0 ? 0 : 1;
}

await runScript(() => main(process.argv[2]));
