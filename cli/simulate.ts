/** servesim simulate: one policy on one profile under one load, in virtual time. */
import { z } from "zod";
import { requireFits, uncertaintyBands, withBands, workloadOf } from "../experiment/index.js";
import { readProfile } from "../formats/files/index.js";
import { capacityOf, engineNames, policyNames, routerNames, simulateRun, withCapacity } from "../sim/index.js";
import type { Args, Command } from "./command.js";
import { deliverRun, deliveryFlags, requireRoom } from "./deliver-run.js";
import { ConfigError, type Profile } from "../formats/index.js";
import { flagName, givenFlags, parseFlags } from "./flags.js";
import { note } from "./output.js";
import { declareRunFlags, runRequest } from "./run-request.js";

/** What only policies that run steps have. */
const stepFlags = {
  engine: z
    .enum(engineNames)
    .default("fast")
    .describe("vllm: jump over runs of equal steps, or do every step; the results are the same"),
  replicas: z.int().positive().max(1000).default(1).describe("vllm: copies of the server behind a router"),
  router: z.enum(routerNames).default("round-robin").describe("vllm: which replica a request goes to"),
};

const ownFlags = {
  policy: z.string().describe(`scheduler: ${policyNames.join(", ")}`),
  profile: z.string().describe("profile.json of the machine to simulate"),
  uncertainty: z
    .int()
    .positive()
    .optional()
    .describe("repeat on so many profiles that the measurements allow as well, and print the bands"),
  jitter: z
    .enum(["on", "off"])
    .optional()
    .describe("times vary as measured, seeded, or are their means (on where a vLLM profile has it; off for batches)"),
  cold_start: z.boolean().default(false).describe("the first batch pays the profile's cold start"),
  ...stepFlags,
  ...deliveryFlags,
};

/** Requests from which a simulation may take seconds, so that it says what it does. */
const MANY_REQUESTS = 200_000;

export const simulateCommand: Command = {
  flags: (yargs) => declareRunFlags(yargs, ownFlags),
  run: async (args) => {
    const flags = parseFlags(ownFlags, args);
    requireRoom(flags);
    const { plan, load, prompts, seed } = runRequest(flags.policy, args);
    if (plan.work === "batch") refuseStepFlags(plan.name, args);
    const profile = readProfile(flags.profile);
    if (flags.cold_start) requireColdStart(profile);
    const workload = await workloadOf(load, prompts, seed);
    if (plan.work === "batch") requireFits(workload, profile.model.positions, profile.model.name);
    const requests = workload.requests.length;
    if (requests >= MANY_REQUESTS) note(`simulating ${requests} requests`);
    const { engine, replicas, router } = flags;
    const coldStart = flags.cold_start;
    const jitter = flags.jitter === undefined ? undefined : flags.jitter === "on";
    const input = { plan, profile, workload, load, seed, coldStart, jitter, engine, replicas, router };
    const run = withCapacity(simulateRun(input), capacityOf(input));
    const { uncertainty: draws } = flags;
    await deliverRun(draws === undefined ? run : withBands(run, uncertaintyBands(input, draws)), flags);
  },
};

/** A flag that would do nothing. */
function refuseStepFlags(policy: string, args: Args): void {
  const [given] = Object.keys(givenFlags(stepFlags, args));
  if (given !== undefined) throw new ConfigError(`--${flagName(given)} is a flag of vllm, not of ${policy}`);
}

function requireColdStart({ name, cost }: Profile): void {
  if (cost.kind === "static_batch") return;
  throw new ConfigError(`profile "${name}" of a vLLM engine has no cold start, leave out --cold-start`);
}
