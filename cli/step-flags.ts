/** Flags of how a policy is simulated: the engine of those that run steps, and copies behind a router. */
import { z } from "zod";
import { ConfigError } from "../formats/index.js";
import { engineNames, routerNames, stepPolicyNames } from "../sim/index.js";
import type { Args } from "./command.js";
import { flagName, givenFlags } from "./flags.js";

const stepPolicies = stepPolicyNames.join(", ");

export const stepFlags = {
  engine: z
    .enum(engineNames)
    .default("fast")
    .describe(`${stepPolicies}: fast jumps over runs of equal steps, step takes every step; the results are equal`),
  replicas: z.int().positive().max(1000).default(1).describe("copies of the server behind a router"),
  router: z.enum(routerNames).default("round-robin").describe("how a replica is chosen for each request"),
};

/** ConfigError for the engine with a policy for which it would do nothing. */
export function rejectStepFlags(policy: string, args: Args): void {
  const [given] = Object.keys(givenFlags({ engine: stepFlags.engine }, args));
  if (given !== undefined) {
    throw new ConfigError(`--${flagName(given)} is a flag of ${stepPolicyNames.join(" and ")}, not of ${policy}`);
  }
}
