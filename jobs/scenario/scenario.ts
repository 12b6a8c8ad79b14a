/** What is served under a load whose content was read once, in a form that crosses threads: simulated day by day. */
import { defined, type Load, type Workload } from "../../formats/index.js";
import { readTrace, traceOptionsOf } from "../../formats/files/index.js";
import { loadTokenizer, requireFits, type SimulatedRunInput } from "../../sim/index.js";
import { madeFrom, type MadeFrom } from "../answers/index.js";
import { hasPrompts, promptLengths, recordedOutputs, servedInput, type Served } from "../inputs/index.js";

/** fixed: a recorded run's requests, the same on every day; the others are what the requests of a day are made from. */
export type LoadContent =
  | { readonly kind: "fixed"; readonly workload: Workload }
  | (MadeFrom & { readonly kind: "drawn" | "prompts" | "trace" });

export interface Scenario extends Served {
  readonly content: LoadContent;
}

/** One day of a scenario: the seed of everything drawn, and the draw of the profile's costs (null: the estimates themselves). */
export interface Day {
  readonly seed: string;
  readonly draw: number | null;
}

/** `prompts`: a file of prompts; absent: the shipped ones. */
export async function readContent(load: Load, prompts: string | undefined): Promise<LoadContent> {
  const outputs = defined({ outputs: await recordedOutputs(load) });
  if (load.workload !== undefined) {
    const { requests, sessions } = await readTrace(load.workload, traceOptionsOf(load, loadTokenizer));
    return { kind: "trace", requests, sessions, ...outputs };
  }
  if (!hasPrompts(load)) return { kind: "drawn", ...outputs };
  const { output_len } = load;
  const plain = { think_time_s: 0, burstiness: 1, arrivals: "gamma", output_len } as const;
  return { kind: "prompts", requests: await promptLengths(plain, prompts), repeats: true, ...outputs };
}

/** ConfigError for a load that the policy cannot serve on this profile. */
export function inputOf(scenario: Scenario, { seed, draw }: Day): SimulatedRunInput {
  const { profile, load, content } = scenario;
  const workload = content.kind === "fixed" ? content.workload : madeFrom(load, content, seed);
  const input = servedInput(scenario, { load, workload, seed, draw });
  if (input.plan.work === "batch") requireFits(workload, profile.model.positions, profile.model.name);
  return input;
}
