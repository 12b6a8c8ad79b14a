/**
 * npm run -s verify:decisions -- DIR...: makes the scheduling decisions of recorded vLLM servers again, for the run
 * folders at and below each DIR, and prints, last, `runs R/R, steps S/T identical`. Exit 1 when anything differs, 2 when
 * a folder cannot be read.
 */
import { runScript } from "../bench/original-suite/run-script.js";
import { ConfigError } from "../formats/index.js";
import { findRuns, readRecording } from "./decisions/recording.js";
import { replayDecisions } from "./decisions/replay.js";

async function main(folders: readonly string[]): Promise<number> {
  const runs = folders.flatMap(findRuns);
  if (runs.length === 0) {
    const got = folders.length === 0 ? "" : `, got ${folders.join(", ")}`;
    throw new ConfigError(`no run folder given${got}, expected: npm run -s verify:decisions -- DIR...`);
  }
  const total = { runs: 0, steps: 0, identicalSteps: 0 };
  let firstDifference: string | undefined;
  for (const run of runs) {
    const report = replayDecisions(await readRecording(run));
    total.steps += report.steps;
    total.identicalSteps += report.identicalSteps;
    if (report.firstDifference === undefined) total.runs++;
    else firstDifference ??= `${run}: ${report.firstDifference}`;
  }
  if (firstDifference !== undefined) console.log(`first difference: ${firstDifference}`);
  console.log(`runs ${total.runs}/${runs.length}, steps ${total.identicalSteps}/${total.steps} identical`);
  return firstDifference === undefined ? 0 : 1;
}

await runScript(() => main(process.argv.slice(2)));
