/** Every policy by name: settings, what it is, how to make one. Adding a policy is one file and one line here. */
import type { z } from "zod";
import { check, ConfigError, suggest, type CheckContext } from "../../formats/index.js";
import { createDynamic, dynamicSettings } from "./dynamic.js";
import type { Machine } from "./machine.js";
import { createNaive, naiveSettings } from "./naive.js";
import type { Policy } from "./policy.js";
import { limitsOf, resolveSettings, vllmSettings, type ResolvedSettings, type SchedulerLimits } from "./vllm/index.js";

/** A policy that runs whole static batches, which real/onnx can run too, or one that runs steps. */
type Registered<S extends z.ZodType = z.ZodType> = BatchPolicy<S> | StepPolicy<S>;

interface Described<S extends z.ZodType> {
  readonly describe: string;
  readonly settings: S;
}

interface BatchPolicy<S extends z.ZodType> extends Described<S> {
  readonly work: "batch";
  create(settings: z.output<S>, machine: Machine): Policy;
}

/** Continuous batching: schedulers are made from limits, by the engine that drives them. */
interface StepPolicy<S extends z.ZodType> extends Described<S> {
  readonly work: "step";
  /** Settings with every default filled, those that depend on the machine too. */
  resolve(settings: z.output<S>, machine: Machine): ResolvedSettings;
  limits(settings: z.output<S>, machine: Machine): SchedulerLimits;
}

const registry: Readonly<Record<string, Registered>> = {
  naive: entry({
    describe: "fixed batches: full or timeout",
    settings: naiveSettings,
    work: "batch",
    create: createNaive,
  }),
  dynamic: entry({
    describe: "batch size follows memory, waits bounded by an SLA",
    settings: dynamicSettings,
    work: "batch",
    create: createDynamic,
  }),
  vllm: entry({
    describe: "continuous batching, paged KV",
    settings: vllmSettings,
    work: "step",
    resolve: resolveSettings,
    limits: limitsOf,
  }),
};

export const policyNames: readonly string[] = Object.keys(registry);

/** A policy chosen and its settings checked, ready to be made anew for each run. */
export type PolicyPlan = BatchPlan | StepPlan;

interface Plan {
  readonly name: string;
  /** Settings with every default filled. */
  readonly settings: Readonly<Record<string, unknown>>;
}

export interface BatchPlan extends Plan {
  readonly work: "batch";
  create(machine: Machine): Policy;
}

export interface StepPlan extends Plan {
  readonly work: "step";
  /** The settings with those defaults that depend on the machine. */
  resolve(machine: Machine): ResolvedSettings;
  limits(machine: Machine): SchedulerLimits;
}

/** Looks a policy up by name; ConfigError with the nearest name when there is none. */
export function findPolicy(name: string): Registered {
  const found = registry[name];
  if (found === undefined || !Object.hasOwn(registry, name)) {
    throw new ConfigError(`no policy "${name}"${suggest(name, policyNames)} (known: ${policyNames.join(", ")})`);
  }
  return found;
}

/** Checks the settings of a policy; `context` says where they came from. */
export function planPolicy(name: string, settings: unknown, context: CheckContext): PolicyPlan {
  const found = findPolicy(name);
  const checked = check(found.settings, settings, context) as Readonly<Record<string, unknown>>;
  if (found.work === "batch") {
    return { name, work: "batch", settings: checked, create: (machine) => found.create(checked, machine) };
  }
  return {
    name,
    work: "step",
    settings: checked,
    resolve: (machine) => found.resolve(checked, machine),
    limits: (machine) => found.limits(checked, machine),
  };
}

/** As planPolicy, for callers that run whole batches only; ConfigError for a policy that runs steps. */
export function planBatchPolicy(name: string, settings: unknown, context: CheckContext): BatchPlan {
  const plan = planPolicy(name, settings, context);
  if (plan.work === "batch") return plan;
  throw new ConfigError(`policy "${name}" runs steps, expected one that runs whole batches (naive, dynamic)`);
}

/** Keeps each entry's settings type tied to its own `create`, then lets the table hold them side by side. */
function entry<S extends z.ZodType>(registered: Registered<S>): Registered {
  return registered;
}
