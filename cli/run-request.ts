/** What simulate and bench both take: a policy, a load and where the run goes; their flags and parsing. */
import type { Argv } from "yargs";
import type { Load } from "../formats/index.js";
import type { PolicyPlan } from "../sim/index.js";
import type { Args } from "./command.js";
import { declareFlags, parseFlags, type Shape } from "./flags.js";
import { loadFlags, loadFromFlags, soughtLoadFromFlags } from "./load-flags.js";
import { planFromFlags, policyShape } from "./policy-flags.js";

export interface RunRequest {
  readonly plan: PolicyPlan;
  readonly load: Load;
  readonly prompts: string | undefined;
  readonly seed: string;
}

/** Declares a command's own flags, then those of the load and of every policy under headings. */
export function declareRunFlags(yargs: Argv, ownFlags: Shape): Argv {
  return declareFlags(
    declareFlags(declareFlags(yargs, ownFlags, "Run:"), loadFlags, "Load:"),
    policyShape(),
    "Policy settings:",
  );
}

/** The policy and load that the flags ask for, checked. `isSought`: how often requests or sessions come is looked for. */
export function runRequest(policy: string, args: Args, { isSought = false } = {}): RunRequest {
  const { prompts, seed } = parseFlags({ prompts: loadFlags.prompts, seed: loadFlags.seed }, args);
  const load = isSought ? soughtLoadFromFlags(args) : loadFromFlags(args);
  return { plan: planFromFlags(policy, args), load, prompts, seed };
}
