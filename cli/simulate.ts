/** servesim simulate: one policy on one profile under one load, in virtual time. */
import { z } from "zod";
import { requireFits, workloadOf } from "../experiment/index.js";
import { readProfile, writeRun } from "../formats/files/index.js";
import { policyNames, simulateRun } from "../sim/index.js";
import type { Command } from "./command.js";
import { declareFlags, parseFlags } from "./flags.js";
import { loadFlags, loadFromFlags } from "./load-flags.js";
import { note } from "./output.js";
import { planFromFlags, policyShape } from "./policy-flags.js";
import { printRun } from "./print-run.js";

const ownFlags = {
  policy: z.string().describe(`scheduler: ${policyNames.join(", ")}`),
  profile: z.string().describe("profile.json of the machine to simulate"),
  cold_start: z.boolean().default(false).describe("the first batch pays the profile's cold start"),
  output: z.string().optional().describe("folder to write the run to"),
  force: z.boolean().default(false).describe("replace a run that is there"),
  json: z.boolean().default(false).describe("print one JSON object with vLLM bench's keys"),
};

export const simulateCommand: Command = {
  flags: (yargs) =>
    declareFlags(declareFlags(declareFlags(yargs, ownFlags), loadFlags, "Load:"), policyShape(), "Policy settings:"),
  run: async (args) => {
    const flags = parseFlags(ownFlags, args);
    const { prompts, seed } = parseFlags({ prompts: loadFlags.prompts, seed: loadFlags.seed }, args);
    const plan = planFromFlags(flags.policy, args);
    const load = loadFromFlags(args);
    const profile = readProfile(flags.profile);
    const workload = await workloadOf(load, prompts, seed);
    if (plan.work === "batch") requireFits(workload, profile.model.positions, profile.model.name);
    const run = simulateRun({ plan, profile, workload, load, seed, coldStart: flags.cold_start });
    if (flags.output !== undefined) {
      await writeRun(flags.output, run, { force: flags.force });
      note(`run written to ${flags.output}`);
    }
    printRun(run, flags.json);
  },
};
