/** What every question about a deployment takes: policy, profile, goals, load, price, and where the answer goes. */
import type { Argv } from "yargs";
import { z } from "zod";
import { ConfigError, policyNameSchema, type Load } from "../formats/index.js";
import { isOfSessions, readSource, varyOf, type AskedVary, type Deployment } from "../jobs/answers/index.js";
import { loadProfile } from "../jobs/inputs/index.js";
import { unknownJitter } from "../jobs/replicate/index.js";
import { defaultJitter, policyNames } from "../sim/index.js";
import type { Args } from "./command.js";
import { pngFlag, requireChartFree } from "./write-chart.js";
import { requireFree } from "./free-place.js";
import { declareFlags, givenFlags, parseFlags, type Flags, type Shape } from "./flags.js";
import { declareRunFlags, runRequest } from "./run-request.js";
import { goalsOfLoad } from "./goal-classes.js";
import { declareGoodput, goalsFromFlags, sloFlags } from "./slo-flags.js";
import { rejectStepFlags, routingOf, stepFlags } from "./step-flags.js";

const GOAL_HEADING = "Goal:";

export const answerFlags = {
  policy: policyNameSchema.describe(`scheduler: ${policyNames.join(", ")}`),
  profile: z.string().describe("profile of the machine: a name (servesim profiles list) or a file"),
  jitter: z
    .enum(["on", "off"])
    .optional()
    .describe("on: times vary as measured; off: every time is its mean; default: on if the profile says how they vary"),
  price_per_hour: z
    .number()
    .positive()
    .optional()
    .describe("price of one replica per hour, for costs per token and request; default: the profile's, if it has one"),
  ...stepFlags,
};

/** Days that an answer is made from. */
export const replicationsFlag = z.int().min(2).max(1000);

export const answerDelivery = {
  output: z
    .string()
    .min(1, "expected a file")
    .optional()
    .describe("file for the answer as JSON (servesim schema answer)"),
  page: z.string().min(1, "expected a file").optional().describe("HTML file for the answer as a page, with its chart"),
  force: z.boolean().default(false).describe("overwrite existing files"),
  json: z.boolean().default(false).describe("print the answer as JSON"),
  png: pngFlag,
};

export function declareAnswerFlags(yargs: Argv, ownFlags: Shape): Argv {
  const declared = declareRunFlags(yargs, { ...ownFlags, ...answerFlags, ...answerDelivery });
  return declareGoodput(declareFlags(declared, sloFlags, GOAL_HEADING), GOAL_HEADING).alias("o", "output");
}

/** Rejects files that exist already or cannot be written, before the work starts. */
export function requireAnswerPlaces(
  { output, page, chart, png = false }: Partial<AnswerFiles> & { readonly png?: boolean },
  force: boolean,
): void {
  if (output !== undefined) requireFree([output], "--output", force);
  if (page !== undefined) requireFree([page], "--page", force);
  requireChartFree(chart, "--chart", { png, force });
}

type AnswerFiles = Readonly<Record<"output" | "page" | "chart", string | undefined>>;

export interface Asked {
  readonly deployment: Deployment;
  readonly pricePerHour: number | undefined;
  /** Recorded in the answer, so that the question can be asked again from that file alone. */
  readonly asked: Readonly<Record<string, unknown>>;
}

/** The deployment that the flags describe. */
export async function deploymentFromFlags(
  args: Args,
  askedVary: AskedVary,
  given = goalsFromFlags(args),
): Promise<Asked> {
  const flags: Flags<typeof answerFlags> = parseFlags(answerFlags, args);
  const { plan, load, prompts, seed } = runRequest(flags.policy, args, { isSought: askedVary !== "replicas" });
  const goals = goalsOfLoad(given, load);
  if (plan.work === "batch") rejectStepFlags(plan.name, args);
  const profile = loadProfile(flags.profile);
  const { engine, price_per_hour: pricePerHour } = flags;
  const jitter = flags.jitter === undefined ? defaultJitter({ plan, profile }) : flags.jitter === "on";
  const source = await readSource(load, prompts, askedVary);
  const vary = varyOf(source, askedVary);
  const policy = { name: plan.name, settings: plan.settings };
  const deployment: Deployment = {
    policy,
    profile,
    load,
    source,
    vary,
    goals,
    seed,
    jitter,
    engine,
    ...routingOf(flags),
  };
  const unknown = unknownJitter({ plan, profile, load, seed, jitter, coldStart: false, workload: NOTHING });
  if (flags.jitter === "on" && unknown !== undefined) throw new ConfigError(`--jitter on: ${unknown}; leave it out`);
  return {
    deployment,
    pricePerHour,
    asked: {
      policy: plan.name,
      settings: plan.settings,
      profile: flags.profile,
      vary,
      seed,
      goals,
      ...(isOfSessions({ source }) ? { sessions: true } : {}),
      ...askedOf(load, prompts, args),
    },
  };
}

const NOTHING = { requests: [], maxConcurrency: Infinity, thinkNs: 0 };

/** The load and the flags about steps and times that were given. */
export function askedOf(load: Load, prompts: string | undefined, args: Args): Readonly<Record<string, unknown>> {
  return {
    load,
    ...(prompts === undefined ? {} : { prompts }),
    ...givenFlags({ ...stepFlags, jitter: answerFlags.jitter }, args),
  };
}
