/** The suite's experiment files, and running one of their cells on the virtual clock. Paths from the repository root. */
import type { Experiment, Load, PolicyChoice, Profile } from "../../formats/index.js";
import { readExperiment, readPrompts } from "../../formats/files/index.js";
import {
  loadTokenizer,
  planBatchPolicy,
  ProfileCost,
  simulate,
  workloadFromPrompts,
  type PromptSource,
  type SimulationResult,
} from "../../sim/index.js";

const FOLDER = "examples/original-suite";
export const PROFILE_PATH = `${FOLDER}/profile.json`;
export const RECORDED_PATH = `${FOLDER}/recorded.json`;

export interface Cell {
  readonly policy: PolicyChoice;
  readonly load: Load;
}

/** The six cells as the suite ran them, confounded. */
export function suiteCells(): readonly Cell[] {
  return readExperiment(`${FOLDER}/experiment.yaml`).cells;
}

/** Every batch size under every request count. */
export function crossCells(): readonly Cell[] {
  const { policies, loads }: Experiment = readExperiment(`${FOLDER}/cross.yaml`);
  return policies.flatMap((policy) => loads.map((load) => ({ policy, load })));
}

/** The prompts that servesim ships: the suite's own are not recorded, and its batch times do not depend on them. */
export async function shippedPrompts(): Promise<PromptSource> {
  return { prompts: readPrompts("prompts.json"), tokenize: await loadTokenizer() };
}

export function simulateCell({ policy, load }: Cell, profile: Profile, prompts: PromptSource): SimulationResult {
  const { policy: name, label = name, ...settings } = policy;
  const { total_bytes, base_bytes, kv_bytes_per_token } = profile.memory;
  const machine = {
    totalBytes: total_bytes,
    baseBytes: base_bytes,
    kvBytesPerToken: kv_bytes_per_token,
    positions: profile.model.positions,
  };
  return simulate({
    workload: workloadFromPrompts(load, prompts, "original-suite"),
    policy: planBatchPolicy(name, settings, { source: label }).create(machine),
    cost: new ProfileCost(profile, { coldStart: load.cold_start === true }),
  });
}
