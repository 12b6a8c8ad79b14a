/** The deployment that an answer of `capacity` is about, from the answer alone. */
import { z } from "zod";
import {
  check,
  ConfigError,
  goodputMetrics,
  loadSchema,
  sloMetrics,
  type Answer,
  type Goals,
} from "../../formats/index.js";
import { defaultJitter, engineNames, planPolicy, routerNames } from "../../sim/index.js";
import { readSource, varyNames, type Deployment } from "../answers/index.js";
import { loadProfile } from "../inputs/index.js";

const slo = z.strictObject({
  name: z.string(),
  metric: z.enum(sloMetrics),
  quantile: z.number().optional(),
  limitMs: z.number().positive(),
});

const askedSchema = z.looseObject({
  policy: z.string(),
  settings: z.record(z.string(), z.unknown()),
  profile: z.string(),
  vary: z.enum(varyNames),
  seed: z.string(),
  load: z.record(z.string(), z.unknown()),
  prompts: z.string().optional(),
  jitter: z.enum(["on", "off"]).optional(),
  engine: z.enum(engineNames).default("fast"),
  replicas: z.int().positive().default(1),
  router: z.enum(routerNames).default("round-robin"),
  router_beta: z.number().nonnegative().optional(),
  goals: z.strictObject({
    slos: z.array(slo),
    goodput: z
      .strictObject({
        limitsMs: z.partialRecord(z.enum(goodputMetrics), z.number().positive()),
        attainment: z.number().positive(),
      })
      .optional(),
  }),
});

/** Metrics that a client sees. */
const NOT_SEEN = ["itl", "queue"];

/** ConfigError for an answer to another question, or one that no real run can check. */
export async function deploymentOfAnswer(file: string, { question, value }: Answer): Promise<Deployment> {
  if (question.name !== "capacity") {
    throw new ConfigError(`${file}: an answer of ${question.name}, expected one of capacity, whose loads can be sent`);
  }
  if (value === null || value === 0) {
    throw new ConfigError(`${file}: no load meets the goals, so there is none to be checked`);
  }
  const asked = check(askedSchema, question.asked, { source: `${file}: question.asked` });
  const { policy: name, settings, profile: profileName, vary, seed, prompts, engine, replicas, router } = asked;
  const { router_beta: routerBeta } = asked;
  const goals: Goals = asked.goals as Goals;
  const unseen = goals.slos.find(({ metric }) => NOT_SEEN.includes(metric));
  if (unseen !== undefined) {
    throw new ConfigError(
      `${file}: ${unseen.name} is not measured by a real run, expected goals of ttft, tpot and e2el`,
    );
  }
  const profile = loadProfile(profileName);
  const plan = planPolicy(name, settings, { source: `${file}: question.asked.settings` });
  const load = check(loadSchema, asked.load, { source: `${file}: question.asked.load` });
  return {
    policy: { name: plan.name, settings: plan.settings },
    profile,
    load,
    source: await readSource(load, prompts, vary),
    vary,
    goals,
    seed,
    jitter: asked.jitter === undefined ? defaultJitter({ plan, profile }) : asked.jitter === "on",
    engine,
    replicas,
    router,
    routerBeta,
  };
}
