/**
 * What questions about a whole scenario take: policy, settings, profile, load and copies, as `simulate` has them, and a
 * price.
 */
import type { Argv } from "yargs";
import { ConfigError, type Goals } from "../formats/index.js";
import { loadProfile } from "../jobs/inputs/index.js";
import { unknownJitter } from "../jobs/replicate/index.js";
import { inputOf, readContent, type Scenario } from "../jobs/scenario/index.js";
import { defaultJitter } from "../sim/index.js";
import { answerDelivery, answerFlags, askedOf } from "./answer-flags.js";
import type { Args } from "./command.js";
import { declareFlags, parseFlags, type Shape } from "./flags.js";
import { declareRunFlags, runRequest } from "./run-request.js";
import { declareGoodput, goalsFromFlags, hasGoals, sloFlags } from "./slo-flags.js";
import { rejectStepFlags, routingOf } from "./step-flags.js";

export function declareScenarioFlags(yargs: Argv, ownFlags: Shape): Argv {
  return declareRunFlags(yargs, { ...ownFlags, ...answerFlags, ...answerDelivery }).alias("o", "output");
}

/** With latency goals, which may be left out. */
export function declareScenarioGoals(yargs: Argv): Argv {
  return declareGoodput(declareFlags(yargs, sloFlags, "Goal:"), "Goal:");
}

export interface AskedScenario {
  readonly scenario: Scenario;
  readonly prompts: string | undefined;
  readonly pricePerHour: number | undefined;
  /** Recorded in the answer, so that the question can be asked again from that file alone. */
  readonly asked: Readonly<Record<string, unknown>>;
}

export async function scenarioFromFlags(args: Args): Promise<AskedScenario> {
  const flags = parseFlags(answerFlags, args);
  const { plan, load, prompts, seed } = runRequest(flags.policy, args);
  if (plan.work === "batch") rejectStepFlags(plan.name, args);
  const profile = loadProfile(flags.profile);
  const { engine, price_per_hour: pricePerHour } = flags;
  const jitter = flags.jitter === undefined ? defaultJitter({ plan, profile }) : flags.jitter === "on";
  const content = await readContent(load, prompts);
  const policy = { name: plan.name, settings: plan.settings };
  const scenario: Scenario = { policy, profile, load, content, seed, jitter, engine, ...routingOf(flags) };
  const unknown = unknownJitter(inputOf(scenario, { seed, draw: null }));
  if (flags.jitter === "on" && unknown !== undefined) throw new ConfigError(`--jitter on: ${unknown}; leave it out`);
  const asked = {
    policy: plan.name,
    settings: plan.settings,
    profile: flags.profile,
    seed,
    ...(content.kind === "trace" && content.sessions !== undefined ? { sessions: true } : {}),
    ...askedOf(load, prompts, args),
  };
  return { scenario, prompts, pricePerHour, asked };
}

/** None where neither --slo nor --goodput is given. */
export function goalsIfGiven(args: Args): Goals {
  return hasGoals(args) ? goalsFromFlags(args) : { slos: [] };
}
