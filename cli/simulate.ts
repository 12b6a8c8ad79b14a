/** servesim simulate: one policy on one profile under one load, in virtual time. */
import { z } from "zod";
import { requireFits, workloadOf } from "../experiment/index.js";
import { readProfile } from "../formats/files/index.js";
import { policyNames, simulateRun } from "../sim/index.js";
import type { Command } from "./command.js";
import { deliverRun, deliveryFlags, requireRoom } from "./deliver-run.js";
import { parseFlags } from "./flags.js";
import { declareRunFlags, runRequest } from "./run-request.js";

const ownFlags = {
  policy: z.string().describe(`scheduler: ${policyNames.join(", ")}`),
  profile: z.string().describe("profile.json of the machine to simulate"),
  cold_start: z.boolean().default(false).describe("the first batch pays the profile's cold start"),
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
    const run = simulateRun({ plan, profile, workload, load, seed, coldStart: flags.cold_start });
    await deliverRun(run, flags);
  },
};
