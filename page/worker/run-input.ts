/** From options to what the simulator takes: the checks and defaults of `servesim simulate`. */
import { check, loadSchema, type Load } from "../../formats/index.js";
import {
  defaultJitter,
  planPolicy,
  requireFits,
  workloadFromLengths,
  type SimulatedRunInput,
} from "../../sim/index.js";
import type { PageProfile, RunOptions } from "../model/index.js";

/** `most`: so many requests at most, the first ones. ConfigError for what is rejected. */
export function runInput({ profile }: PageProfile, options: RunOptions, most = Infinity): SimulatedRunInput {
  const { policy, settings, seed, replicas } = options;
  const plan = planPolicy(policy, settings, { source: `settings of ${policy}` });
  const load = shortened(check(loadSchema, options.load, { source: "load" }), most);
  const workload = workloadFromLengths(load, seed);
  if (plan.work === "batch") requireFits(workload, profile.model.positions, profile.model.name);
  return { plan, profile, workload, load, seed, coldStart: false, jitter: defaultJitter({ plan, profile }), replicas };
}

function shortened(load: Load, most: number): Load {
  return load.num_prompts === undefined || load.num_prompts <= most ? load : { ...load, num_prompts: most };
}
