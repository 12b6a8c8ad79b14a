/** Reads what an experiment has produced so far: profile, and each cell's simulated and real runs. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ArtifactError, type Experiment, type Manifest, type Profile, type Run } from "../formats/index.js";
import { readExperiment, readManifest, readProfile, readRun } from "../formats/files/index.js";
import { compareRuns, type Comparison } from "../report/compare/index.js";
import type { ExperimentFolder } from "./folder.js";
import { meanPace } from "./pace.js";

export interface CellResult {
  readonly name: string;
  readonly policy: string;
  readonly load: string;
  readonly sim: Run;
  /** Real repeats, in order; empty where the cell is simulated only. */
  readonly real: readonly Run[];
  /** Present where there are real runs. */
  readonly comparison?: Comparison;
  /** Of the machine during the real runs, over that of its calibration; above 1 it was slower. Absent: not measured. */
  readonly pace?: number | undefined;
}

export interface ExperimentResults {
  readonly experiment: Experiment;
  readonly manifest: Manifest;
  readonly profile: Profile;
  readonly cells: readonly CellResult[];
}

/** ArtifactError when the folder is no experiment's, or holds no finished cell. */
export async function readResults(folder: ExperimentFolder): Promise<ExperimentResults> {
  const manifest = readManifest(folder.manifest);
  if (manifest === undefined) {
    throw new ArtifactError(
      `${folder.root} is not an experiment's folder: no manifest.json; make one with "servesim run EXPERIMENT.yaml"`,
    );
  }
  const cells: CellResult[] = [];
  for (const { cell, policy, load, repeats } of manifest.cells) {
    const sim = await readIfThere(folder.sim(cell));
    if (sim === undefined) continue;
    const real: Run[] = [];
    for (let repeat = 1; repeat <= repeats; repeat++) {
      const run = await readIfThere(folder.real(cell, repeat));
      if (run !== undefined) real.push(run);
    }
    const comparison = real.length === 0 ? {} : { comparison: compareRuns(sim, real, { seed: manifest.seed }) };
    cells.push({ name: cell, policy, load, sim, real, ...comparison, pace: meanPace(real) });
  }
  if (cells.length === 0) throw new ArtifactError(`${folder.root} holds no finished cell; run its experiment again`);
  const experiment = readExperiment(folder.experiment);
  return { experiment, manifest, profile: readProfile(folder.profile), cells };
}

async function readIfThere(path: string): Promise<Run | undefined> {
  return existsSync(join(path, "run.json")) ? await readRun(path) : undefined;
}
