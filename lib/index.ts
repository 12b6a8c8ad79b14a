/**
 * The entry `servesim`: simulations with profiles, traces and prompts from files, repeated for intervals on worker threads,
 * and run folders. What it exports is a promise (docs/library.md); everything else may change.
 */
import { check, type Profile } from "../formats/index.js";
import { loadProfile, recordedOutputs, workloadOf } from "../jobs/inputs/index.js";
import { replicate } from "../jobs/replicate/index.js";
import { z } from "zod";
import {
  requireOptions,
  runInput,
  withSummary,
  type SimulatedRun,
  type SimulateOptions as PureOptions,
} from "./options.js";

export interface SimulateOptions extends Omit<PureOptions, "profile"> {
  /** A profile, or where it is: the name of one that ships, or a path. */
  readonly profile: Profile | string;
  /** Repeats with other draws of times, pace and costs: the summary has means, `info.intervals` 90 % intervals. Default 1. */
  readonly replications?: number | undefined;
}

const replicationsSchema = z.int().positive().max(1000).default(1);

/**
 * Simulates one run, or repeats of it. A load that names neither a trace nor lengths sends the 100 prompts that ship.
 * ConfigError for options that are wrong, ArtifactError for files that are.
 */
export async function simulate(asked: SimulateOptions): Promise<SimulatedRun> {
  requireOptions(asked);
  const { replications: count, ...options } = asked;
  const replications = check(replicationsSchema, count, { source: "simulate: replications" });
  const profile = typeof options.profile === "string" ? loadProfile(options.profile) : options.profile;
  const input = await runInput(options, profile, {
    workload: (load, seed) => workloadOf(load, undefined, seed),
    outputs: recordedOutputs,
  });
  const { run } = await replicate(input, { replications });
  return withSummary(run);
}

export { readRun, writeRun } from "../formats/files/index.js";
export { loadProfile, profileNames } from "../jobs/inputs/index.js";
export { ArtifactError, BackendError, checkProfile, ConfigError, InvariantError, policyNames } from "./sim.js";
export type {
  BatchRecord,
  LoadOptions,
  Profile,
  RequestOptions,
  RequestRecord,
  Run,
  RunInfo,
  SimulatedRun,
  Summary,
} from "./sim.js";
