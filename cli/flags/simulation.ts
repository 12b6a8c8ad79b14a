/** Flags of a simulation: policy, load, engine, copies behind a router, and whether times vary. */
import type { Argv } from "yargs";
import { z } from "zod";
import { ConfigError, defined, type Load } from "../../formats/index.js";
import { loadProfile } from "../../jobs/inputs/index.js";
import { unknownJitter } from "../../jobs/replicate/index.js";
import {
  DEFAULT_BETA,
  defaultJitter,
  engineNames,
  requireBetaOf,
  routerNames,
  stepPolicyNames,
  type PolicyPlan,
  type SimulatedRunInput,
} from "../../sim/index.js";
import type { Args } from "../command.js";
import { declareFlags, parseFlags, rejectGiven, type Flags, type Shape } from "./flags.js";
import { count } from "./kinds.js";
import { loadFlags, loadFromFlags, soughtLoadFromFlags } from "./load.js";
import { planFromFlags, policyShape } from "./policy.js";

const stepPolicies = stepPolicyNames.join(", ");

export const stepFlags = {
  engine: z
    .enum(engineNames)
    .default("fast")
    .describe(`${stepPolicies}: fast jumps over runs of equal steps, step takes every step; the results are equal`),
  replicas: count(1000).default(1).describe("copies of the server behind a router"),
  router: z.enum(routerNames).default("round-robin").describe("how a replica is chosen for each request"),
  router_beta: z
    .number()
    .nonnegative()
    .max(1e6)
    .optional()
    .describe(`prefix-aware: weight of a replica's load beside the expected share of cached tokens (${DEFAULT_BETA})`),
};

export const jitterFlag = z
  .enum(["on", "off"])
  .optional()
  .describe("on: times vary as measured; off: every time is its mean; default: on if the profile says how they vary");

/** Declares a command's own flags, then those of the load and of every policy under headings. */
export function declareRunFlags(yargs: Argv, ownFlags: Shape): Argv {
  const withLoad = declareFlags(declareFlags(yargs, ownFlags, "Run:"), loadFlags, "Load:");
  return declareFlags(withLoad, policyShape(), "Policy settings:");
}

export interface RunRequest {
  readonly plan: PolicyPlan;
  readonly load: Load;
  readonly prompts: string | undefined;
  readonly seed: string;
}

/** The policy and load that the flags ask for, checked. `isSought`: the rate of requests or sessions is looked for. */
export function runRequest(policy: string, args: Args, { isSought = false } = {}): RunRequest {
  const { prompts, seed } = parseFlags({ prompts: loadFlags.prompts, seed: loadFlags.seed }, args);
  const load = isSought ? soughtLoadFromFlags(args) : loadFromFlags(args);
  return { plan: planFromFlags(policy, args), load, prompts, seed };
}

type SimulationFlags = Flags<
  typeof stepFlags & { policy: z.ZodString; profile: z.ZodString; jitter: typeof jitterFlag }
>;

/** What the flags say of a simulation. ConfigError for an engine that the policy does not have, or a beta without its router. */
export function simulationFromFlags(flags: SimulationFlags, args: Args, options: { readonly isSought?: boolean } = {}) {
  const { plan, ...request } = runRequest(flags.policy, args, options);
  if (plan.work === "batch") {
    const owners = stepPolicyNames.join(" and ");
    rejectGiven({ engine: stepFlags.engine }, args, (flag) => `${flag} is a flag of ${owners}, not of ${plan.name}`);
  }
  const profile = loadProfile(flags.profile);
  const { engine, replicas, router, router_beta: routerBeta } = flags;
  requireBetaOf(router, routerBeta, "--router-beta");
  const jitter = flags.jitter === undefined ? defaultJitter({ plan, profile }) : flags.jitter === "on";
  return { ...request, plan, profile, jitter, engine, replicas, router, ...defined({ routerBeta }) };
}

/** ConfigError for `--jitter on` where the profile does not say how times vary. */
export function requireJitter(given: SimulationFlags["jitter"], input: SimulatedRunInput): void {
  const unknown = unknownJitter(input);
  if (given === "on" && unknown !== undefined) throw new ConfigError(`--jitter on: ${unknown}; leave it out`);
}
