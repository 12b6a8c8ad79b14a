/** Flags of how a policy is simulated: the engine of those that run steps, and copies behind a router. */
import { z } from "zod";
import { ConfigError, defined } from "../formats/index.js";
import {
  DEFAULT_BETA,
  engineNames,
  requireBetaOf,
  routerNames,
  stepPolicyNames,
  type RouterName,
} from "../sim/index.js";
import type { Args } from "./command.js";
import { flagName, givenFlags, type Flags } from "./flags.js";

const stepPolicies = stepPolicyNames.join(", ");

export const stepFlags = {
  engine: z
    .enum(engineNames)
    .default("fast")
    .describe(`${stepPolicies}: fast jumps over runs of equal steps, step takes every step; the results are equal`),
  replicas: z.int().positive().max(1000).default(1).describe("copies of the server behind a router"),
  router: z.enum(routerNames).default("round-robin").describe("how a replica is chosen for each request"),
  router_beta: z
    .number()
    .nonnegative()
    .max(1e6)
    .optional()
    .describe(`prefix-aware: weight of a replica's load beside the expected share of cached tokens (${DEFAULT_BETA})`),
};

/** Replicas and router as simulations take them; ConfigError for a beta that the router does not have. */
export function routingOf({
  replicas,
  router,
  router_beta: routerBeta,
}: Pick<Flags<typeof stepFlags>, "replicas" | "router" | "router_beta">): Routing {
  requireBetaOf(router, routerBeta, "--router-beta");
  return { replicas, router, ...defined({ routerBeta }) };
}

interface Routing {
  readonly replicas: number;
  readonly router: RouterName;
  readonly routerBeta?: number;
}

/** ConfigError for the engine with a policy for which it would do nothing. */
export function rejectStepFlags(policy: string, args: Args): void {
  const [given] = Object.keys(givenFlags({ engine: stepFlags.engine }, args));
  if (given !== undefined) {
    throw new ConfigError(`--${flagName(given)} is a flag of ${stepPolicyNames.join(" and ")}, not of ${policy}`);
  }
}
