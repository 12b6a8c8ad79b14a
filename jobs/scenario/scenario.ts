/** What is served under a load whose content was read: simulated day by day. */
import { requireFits, type SimulatedRunInput } from "../../sim/index.js";
import { servedInput, type Served } from "../inputs/index.js";
import { workloadOfContent, type LoadContent } from "./load-content.js";

export interface Scenario extends Served {
  readonly content: LoadContent;
}

/** One day of a scenario: the seed of everything drawn, and the draw of the profile's costs (null: the estimates themselves). */
export interface Day {
  readonly seed: string;
  readonly draw: number | null;
}

/** ConfigError for a load that the policy cannot serve on this profile. */
export function inputOf(scenario: Scenario, { seed, draw }: Day): SimulatedRunInput {
  const { profile, load, content } = scenario;
  const input = servedInput(scenario, { load, workload: workloadOfContent(load, content, seed), seed, draw });
  if (input.plan.work === "batch") requireFits(input.workload, profile.model.positions, profile.model.name);
  return input;
}
