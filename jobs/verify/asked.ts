/** What an answer was asked about, from the answer alone. */
import { z } from "zod";
import {
  ArtifactError,
  check,
  ConfigError,
  goodputMetrics,
  loadSchema,
  sloMetrics,
  type Answer,
  type Goals,
  type Load,
  type Profile,
} from "../../formats/index.js";
import { defaultJitter, engineNames, planPolicy, routerNames } from "../../sim/index.js";
import { varyNames } from "../answers/index.js";
import { loadProfile, type Served } from "../inputs/index.js";
import { whyNotChecked } from "./why-not-checked.js";

const slo = z.strictObject({
  name: z.string(),
  metric: z.enum(sloMetrics),
  quantile: z.number().optional(),
  limitMs: z.number().positive(),
});

const goalsSchema = z.strictObject({
  slos: z.array(slo),
  goodput: z
    .strictObject({
      limitsMs: z.partialRecord(z.enum(goodputMetrics), z.number().positive()),
      attainment: z.number().positive(),
    })
    .optional(),
});

const askedSchema = z.looseObject({
  policy: z.string(),
  settings: z.record(z.string(), z.unknown()),
  profile: z.string(),
  vary: z.enum([...varyNames, "replicas"]).optional(),
  seed: z.string(),
  load: z.record(z.string(), z.unknown()),
  prompts: z.string().optional(),
  jitter: z.enum(["on", "off"]).optional(),
  engine: z.enum(engineNames).default("fast"),
  replicas: z.int().positive().default(1),
  router: z.enum(routerNames).default("round-robin"),
  router_beta: z.number().nonnegative().optional(),
  goals: goalsSchema.optional(),
  scale: z.number().positive().optional(),
  goal: z.string().optional(),
  changes: z.array(z.string()).optional(),
  statistic: z.string().optional(),
});

export interface Asked {
  /** The answer's file, for errors. */
  readonly file: string;
  readonly served: Served;
  readonly prompts: string | undefined;
  readonly goals: Goals;
  /** What belongs to one question: the varied number, the changes, the statistic. */
  readonly own: Pick<z.output<typeof askedSchema>, "vary" | "scale" | "goal" | "changes" | "statistic">;
}

/** ConfigError for an answer that no real run can check, or that does not say what was asked. */
export function askedOf(file: string, answer: Answer): Asked {
  const why = whyNotChecked(answer);
  if (why !== undefined) throw new ConfigError(`${file}: ${why}`);
  const source = `${file}: question.asked`;
  const { question } = answer;
  const asked = check(askedSchema, question.asked, { source });
  if (asked.goals === undefined && question.goal !== "")
    throw new ConfigError(`${source}: goals: the answer does not hold its goals (${question.goal}); ask again`);
  const { policy: name, settings, profile: profileName, seed, engine, replicas, router } = asked;
  const profile = profileOf(profileName, source);
  const plan = planPolicy(name, settings, { source: `${source}.settings` });
  return {
    file,
    served: {
      policy: { name: plan.name, settings: plan.settings },
      profile,
      load: loadOf(asked.load, `${source}.load`),
      seed,
      jitter: asked.jitter === undefined ? defaultJitter({ plan, profile }) : asked.jitter === "on",
      engine,
      replicas,
      router,
      routerBeta: asked.router_beta,
    },
    prompts: asked.prompts,
    goals: (asked.goals ?? { slos: [] }) as Goals,
    own: asked,
  };
}

/** Where the answer is how many sessions begin or are under way, its load says neither; any rate stands in for the check. */
function loadOf(asked: Readonly<Record<string, unknown>>, source: string): Load {
  const isSought =
    asked.dataset_name === "sessions" && asked.session_rate === undefined && asked.max_sessions === undefined;
  if (!isSought) return check(loadSchema, asked, { source });
  const load: { -readonly [Key in keyof Load]: Load[Key] } = check(
    loadSchema,
    { ...asked, session_rate: 1 },
    { source },
  );
  delete load.session_rate;
  return load;
}

/** A profile that is a file is named from the folder in which the question was asked. */
function profileOf(name: string, source: string): Profile {
  try {
    return loadProfile(name);
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof ArtifactError)) throw error;
    throw new ConfigError(`${source}.profile: ${error.message}; run verify in the folder that the answer was made in`);
  }
}

/** A field that the question always records. ConfigError where the answer lacks it. */
export function ownOf<Key extends keyof Asked["own"]>({ file, own }: Asked, key: Key): NonNullable<Asked["own"][Key]> {
  const value = own[key];
  if (value === undefined) throw new ConfigError(`${file}: question.asked.${key}: missing; ask again`);
  return value;
}
