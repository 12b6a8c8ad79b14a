/** Recorded runs of a vLLM server for a fit: folders with run.json, requests.csv[.gz] and, where logged, steps.csv[.gz]. */
import { readdirSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { RecordedRun } from "../../calibrate/vllm/index.js";
import { ArtifactError } from "../../formats/index.js";
import { NEEDS_VLLM } from "../../real/vllm/index.js";
import { withoutNetwork } from "../../sim/index.js";
import { readRun, readSteps } from "../../formats/files/index.js";

/** A folder of run folders stands for all of them. ArtifactError names what cannot be read, or is no run of vLLM. */
export async function readRecordings(folders: readonly string[]): Promise<RecordedRun[]> {
  return Promise.all(folders.flatMap(runFolders).map(readRecording));
}

async function readRecording(folder: string): Promise<RecordedRun> {
  const run = await readRun(folder);
  if (run.info.engine.name !== "vllm") {
    throw new ArtifactError(
      `${join(folder, "run.json")}: engine "${run.info.engine.name}", expected a run of vllm: ${NEEDS_VLLM}`,
    );
  }
  const path = resolve(folder);
  return {
    name: `${basename(dirname(path))}/${basename(path)}`,
    run: withoutNetwork(run),
    steps: await readSteps(folder),
  };
}

function runFolders(folder: string): string[] {
  const runs = runsUnder(folder);
  if (runs.length === 0) throw new ArtifactError(`${folder}: no run in it, expected run.json and requests.csv[.gz]`);
  return runs.sort();
}

function runsUnder(folder: string): string[] {
  let entries;
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    throw new ArtifactError(`${folder}: not a folder that can be read, expected a recorded run`, { cause: error });
  }
  if (entries.some(({ name }) => name === "run.json")) return [folder];
  return entries.filter((entry) => entry.isDirectory()).flatMap(({ name }) => runsUnder(join(folder, name)));
}
