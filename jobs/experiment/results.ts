/** Reads what an experiment has produced so far: profile, and each cell's simulated and real runs. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ArtifactError, type Experiment, type Manifest, type Profile, type Run } from "../../formats/index.js";
import { readExperiment, readManifest, readProfile, readRun } from "../../formats/files/index.js";
import { compareRuns, parseThreshold, type Comparison } from "../../report/compare/index.js";
import type { ExperimentFolder } from "./folder.js";
import { meanPace, paceAbout, type Pace } from "./pace.js";

export interface CellResult {
  readonly name: string;
  readonly policy: string;
  readonly load: string;
  /** At the pace of the calibration. */
  readonly sim: Run;
  /** At the pace before each real run, in their order; absent where not every real run has one. */
  readonly predictions?: readonly Run[];
  /** Real repeats, in order; empty where the cell is simulated only. */
  readonly real: readonly Run[];
  /** Present where there are real runs: of the predictions, else of `sim`. */
  readonly comparison?: Comparison;
  /** Of `sim`, where the comparison is of the predictions. */
  readonly asCalibrated?: Comparison;
  /** Of the machine, over that of its calibration, mean over the real runs; above 1 it was slower. Absent: not measured. */
  readonly pace?: Pace | undefined;
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
  const experiment = readExperiment(folder.experiment);
  const tolerances = (experiment.tolerances ?? []).map(parseThreshold);
  const cells: CellResult[] = [];
  for (const { cell, policy, load, repeats } of manifest.cells) {
    const sim = await readIfThere(folder.sim(cell));
    if (sim === undefined) continue;
    const real: Run[] = [];
    const predictions: Run[] = [];
    for (let repeat = 1; repeat <= repeats; repeat++) {
      const run = await readIfThere(folder.real(cell, repeat));
      if (run === undefined) continue;
      real.push(run);
      const prediction = await readIfThere(folder.simAtPace(cell, repeat));
      if (prediction?.info.simulated_at_pace === paceAbout(run)?.before && prediction) predictions.push(prediction);
    }
    const found = { name: cell, policy, load, sim, real, pace: meanPace(real) };
    const compare = (sims: Run | readonly Run[]): Comparison =>
      compareRuns(sims, real, { seed: manifest.seed, tolerances });
    if (real.length === 0) cells.push(found);
    else if (predictions.length < real.length) cells.push({ ...found, comparison: compare(sim) });
    else cells.push({ ...found, predictions, comparison: compare(predictions), asCalibrated: compare(sim) });
  }
  if (cells.length === 0) throw new ArtifactError(`${folder.root} holds no finished cell; run its experiment again`);
  return { experiment, manifest, profile: readProfile(folder.profile), cells };
}

async function readIfThere(path: string): Promise<Run | undefined> {
  return existsSync(join(path, "run.json")) ? await readRun(path) : undefined;
}
