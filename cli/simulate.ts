/** servesim simulate: one policy on one profile under one load, in virtual time. */
import { z } from "zod";
import { requireFits, workloadOf } from "../experiment/index.js";
import { readProfile } from "../formats/files/index.js";
import { engineNames, policyNames, routerNames, simulateRun } from "../sim/index.js";
import type { Command } from "./command.js";
import { deliverRun, deliveryFlags, requireRoom } from "./deliver-run.js";
import { parseFlags } from "./flags.js";
import { declareRunFlags, runRequest } from "./run-request.js";

const ownFlags = {
  policy: z.string().describe(`scheduler: ${policyNames.join(", ")}`),
  profile: z.string().describe("profile.json of the machine to simulate"),
  cold_start: z.boolean().default(false).describe("the first batch pays the profile's cold start"),
  engine: z
    .enum(engineNames)
    .default("fast")
    .describe("vllm: jump over runs of equal steps, or do every step; the results are the same"),
  replicas: z.int().positive().max(1000).default(1).describe("vllm: copies of the server behind a router"),
  router: z.enum(routerNames).default("round-robin").describe("which replica a request goes to"),
  ...deliveryFlags,
};

export const simulateCommand: Command = {
  flags: (yargs) => declareRunFlags(yargs, ownFlags),
  run: async (args) => {
    const flags = parseFlags(ownFlags, args);
    requireRoom(flags);
    const { plan, load, prompts, seed } = runRequest(flags.policy, args);
    const profile = readProfile(flags.profile);
    const workload = await workloadOf(load, prompts, seed);
    if (plan.work === "batch") requireFits(workload, profile.model.positions, profile.model.name);
    const { engine, replicas, router } = flags;
    const coldStart = flags.cold_start;
    const run = simulateRun({ plan, profile, workload, load, seed, coldStart, engine, replicas, router });
    await deliverRun(run, flags);
  },
};
