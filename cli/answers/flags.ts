/** What every question takes: policy, settings, profile, load, goals, price, and where the answer goes. */
import type { Argv } from "yargs";
import { z } from "zod";
import { defined, policyNameSchema, type Load } from "../../formats/index.js";
import { isOfSessions, readSource, varyOf, type AskedVary, type Deployment } from "../../jobs/answers/index.js";
import { inputOf, readContent, type Scenario } from "../../jobs/scenario/index.js";
import { policyNames } from "../../sim/index.js";
import type { Args } from "../command.js";
import { pngFlag, requireChartFree, requireFree } from "../files/index.js";
import {
  declareGoals,
  declareRunFlags,
  fileName,
  givenFlags,
  goalsFromFlags,
  goalsOfLoad,
  jitterFlag,
  parseFlags,
  requireJitter,
  simulationFromFlags,
  stepFlags,
  text,
  toggle,
  type Flags,
  type Shape,
} from "../flags/index.js";

export const answerFlags = {
  policy: policyNameSchema.describe(`scheduler: ${policyNames.join(", ")}`),
  profile: z.string().describe("profile of the machine: a name (servesim profiles list) or a file"),
  jitter: jitterFlag,
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
  output: fileName.optional().describe("file for the answer as JSON (servesim schema answer)"),
  page: fileName.optional().describe("HTML file for the answer as a page, with its chart"),
  force: toggle.describe("overwrite existing files"),
  json: toggle.describe("print the answer as JSON"),
  png: pngFlag,
};

export function declareScenarioFlags(yargs: Argv, ownFlags: Shape): Argv {
  return declareRunFlags(yargs, { ...ownFlags, ...answerFlags, ...answerDelivery }).alias("o", "output");
}

export function declareAnswerFlags(yargs: Argv, ownFlags: Shape): Argv {
  return declareGoals(declareScenarioFlags(yargs, ownFlags));
}

/** Parses a question's flags. ConfigError, before the work starts, for a file that exists already or cannot be written. */
export function parseQuestion<S extends Shape>(ownFlags: S, args: Args): Flags<S & typeof answerDelivery> {
  requireAnswerPlaces(parseFlags({ ...answerDelivery, chart: text }, args));
  return parseFlags({ ...ownFlags, ...answerDelivery }, args);
}

export function requireAnswerPlaces({ output, page, chart, png = false, force }: AnswerPlaces): void {
  if (output !== undefined) requireFree([output], "--output", force);
  if (page !== undefined) requireFree([page], "--page", force);
  requireChartFree(chart, "--chart", { png, force });
}

interface AnswerPlaces extends Readonly<Partial<Record<"output" | "page" | "chart", string | undefined>>> {
  readonly png?: boolean;
  readonly force: boolean;
}

interface Asked {
  readonly pricePerHour: number | undefined;
  /** Recorded in the answer, so that the question can be asked again from that file alone. */
  readonly asked: Readonly<Record<string, unknown>>;
}

/** The deployment that the flags describe, for questions that look for a load, a number of replicas or settings. */
export async function deploymentFromFlags(
  args: Args,
  askedVary: AskedVary,
  given = goalsFromFlags(args),
): Promise<Asked & { readonly deployment: Deployment }> {
  const { flags, prompts, described, served, plan } = servedFromFlags(args, askedVary !== "replicas");
  const goals = goalsOfLoad(given, served.load);
  const source = await readSource(served.load, prompts, askedVary);
  const vary = varyOf(source, askedVary);
  const deployment: Deployment = { ...served, source, vary, goals };
  requireJitter(flags.jitter, { ...served, plan, coldStart: false, workload: NOTHING });
  const ofSessions = isOfSessions({ source }) ? { sessions: true } : {};
  const asked = {
    ...described,
    vary,
    seed: served.seed,
    goals,
    ...ofSessions,
    ...givenOf(served.load, prompts, args),
  };
  return { deployment, pricePerHour: flags.price_per_hour, asked };
}

const NOTHING = { requests: [], maxConcurrency: Infinity, thinkNs: 0 };

export interface AskedScenario extends Asked {
  readonly scenario: Scenario;
  readonly prompts: string | undefined;
}

/** The whole scenario that the flags describe, as `simulate` has them. */
export async function scenarioFromFlags(args: Args): Promise<AskedScenario> {
  const { flags, prompts, described, served } = servedFromFlags(args, false);
  const content = await readContent(served.load, prompts);
  const scenario: Scenario = { ...served, content };
  requireJitter(flags.jitter, inputOf(scenario, { seed: served.seed, draw: null }));
  const ofSessions = content.kind === "trace" && content.sessions !== undefined ? { sessions: true } : {};
  const asked = { ...described, seed: served.seed, ...ofSessions, ...givenOf(served.load, prompts, args) };
  return { scenario, prompts, pricePerHour: flags.price_per_hour, asked };
}

/** What a deployment and a scenario have in common. */
function servedFromFlags(args: Args, isSought: boolean) {
  const flags = parseFlags(answerFlags, args);
  const { plan, prompts, ...simulated } = simulationFromFlags(flags, args, { isSought });
  const policy = { name: plan.name, settings: plan.settings };
  const described = { policy: plan.name, settings: plan.settings, profile: flags.profile };
  return { flags, plan, prompts, described, served: { policy, ...simulated } };
}

/** The load, and the flags about steps and times that were given. */
function givenOf(load: Load, prompts: string | undefined, args: Args): Readonly<Record<string, unknown>> {
  return { load, ...defined({ prompts }), ...givenFlags({ ...stepFlags, jitter: jitterFlag }, args) };
}
