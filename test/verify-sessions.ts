/**
 * npm run -s verify:sessions -- [--num-gpu-blocks N] [--block-size B] FILE.json[.gz]...: sends conversations that a real
 * vLLM answered turn by turn to the simulator's scheduler, and compares the prompt tokens found in the prefix cache.
 * Prints, last, `files F/F, requests R/R identical`, before it the first difference and how pools were told. Exit 1 when
 * anything differs, 2 when a file cannot be read.
 */
import { parseArgs } from "node:util";
import { runScript } from "../bench/original-suite/run-script.js";
import { ConfigError } from "../formats/index.js";
import { poolOf } from "./sessions/pool.js";
import { readSessionRecording } from "./sessions/recording.js";
import { replaySessions } from "./sessions/replay.js";

const USAGE = "npm run -s verify:sessions -- [--num-gpu-blocks N] [--block-size B] FILE.json[.gz]...";

function main(words: string[]): number {
  const { files, given } = parsed(words);
  if (files.length === 0) throw new ConfigError(`no file given, expected: ${USAGE}`);
  const total = { files: 0, requests: 0, identicalRequests: 0 };
  let firstDifference: string | undefined;
  for (const file of files) {
    const recording = readSessionRecording(file);
    const { pool, note } = poolOf(file, recording, given);
    if (note !== undefined) console.log(`note: ${file}: ${note}`);
    const report = replaySessions(recording.rows, pool);
    total.requests += report.requests;
    total.identicalRequests += report.identicalRequests;
    if (report.firstDifference === undefined) total.files++;
    else firstDifference ??= `${file} (${pool.numGpuBlocks} blocks of ${pool.blockSize}): ${report.firstDifference}`;
  }
  if (firstDifference !== undefined) console.log(`first difference: ${firstDifference}`);
  console.log(`files ${total.files}/${files.length}, requests ${total.identicalRequests}/${total.requests} identical`);
  return firstDifference === undefined ? 0 : 1;
}

function parsed(words: string[]): { files: string[]; given: { blockSize?: number; numGpuBlocks?: number } } {
  const options = { "num-gpu-blocks": { type: "string" }, "block-size": { type: "string" } } as const;
  try {
    const { values, positionals } = parseArgs({ args: words, options, allowPositionals: true });
    const numGpuBlocks = values["num-gpu-blocks"];
    const blockSize = values["block-size"];
    return {
      files: positionals,
      given: {
        ...(numGpuBlocks === undefined ? {} : { numGpuBlocks: whole(numGpuBlocks, "--num-gpu-blocks", 2) }),
        ...(blockSize === undefined ? {} : { blockSize: whole(blockSize, "--block-size", 1) }),
      },
    };
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(`${(error as Error).message}, expected: ${USAGE}`);
  }
}

function whole(text: string, flag: string, least: number): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least && value < 2 ** 24) return value;
  throw new ConfigError(`${flag}: got "${text}", expected a whole number from ${least} to ${2 ** 24 - 1}`);
}

await runScript(() => main(process.argv.slice(2)));
