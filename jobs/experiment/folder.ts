/** Where an experiment keeps its files: results/<name>/ and its parts. */
import { join } from "node:path";

export interface ExperimentFolder {
  readonly root: string;
  readonly experiment: string;
  readonly manifest: string;
  readonly profile: string;
  readonly comparison: string;
  readonly report: string;
  readonly csv: string;
  plot(name: string): string;
  /** At the pace of the calibration. */
  sim(cell: string): string;
  /** At the pace measured just before that real run; repeats as in `real`. */
  simAtPace(cell: string, repeat: number): string;
  /** Repeats count from 1; the first is `real`, as where there is only one. */
  real(cell: string, repeat: number): string;
}

export function experimentFolder(root: string): ExperimentFolder {
  return {
    root,
    experiment: join(root, "experiment.yaml"),
    manifest: join(root, "manifest.json"),
    profile: join(root, "profile.json"),
    comparison: join(root, "comparison.json"),
    report: join(root, "report.html"),
    csv: join(root, "llm_inference_benchmark.csv"),
    plot: (name) => join(root, "plots", `${name}.svg`),
    sim: (cell) => join(root, "cells", cell, "sim"),
    simAtPace: (cell, repeat) => join(root, "cells", cell, repeat === 1 ? "sim-at-pace" : `sim-at-pace-r${repeat}`),
    real: (cell, repeat) => join(root, "cells", cell, repeat === 1 ? "real" : `real-r${repeat}`),
  };
}
