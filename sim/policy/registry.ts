/** Every policy by name: settings, what it is, how to make one. Adding a policy is one file and one line here. */
import { z } from "zod";
import { check, ConfigError, suggest, defined, type CheckContext } from "../../formats/index.js";
import { createDynamic, dynamicSettings } from "./dynamic.js";
import type { Machine } from "./machine.js";
import { createNaive, naiveSettings } from "./naive.js";
import { createOrca, orcaSettings } from "./orca.js";
import type { Policy } from "./policy.js";
import type { StepPolicy } from "./step-policy.js";
import { createVllm, vllmSettings } from "./vllm/index.js";

/** A policy that runs whole static batches, which real/onnx can run too, or one that runs steps. */
type Registered<S extends z.ZodType = z.ZodType> = BatchEntry<S> | StepEntry<S>;

interface Described<S extends z.ZodType> {
  readonly describe: string;
  readonly settings: S;
}

interface BatchEntry<S extends z.ZodType> extends Described<S> {
  readonly work: "batch";
  create(settings: z.output<S>, machine: Machine): Policy;
}

/** Continuous batching. */
interface StepEntry<S extends z.ZodType> extends Described<S> {
  readonly work: "step";
  /** The server that schedules this way itself, and so can run it for real; absent: it is simulated only. */
  readonly server?: "vllm";
  create(settings: z.output<S>, machine: Machine): StepPolicy;
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
    server: "vllm",
    create: createVllm,
  }),
  orca: entry({
    describe: "continuous batching, whole prompts, memory reserved for whole sequences",
    settings: orcaSettings,
    work: "step",
    create: createOrca,
  }),
};

export const policyNames: readonly string[] = Object.keys(registry);
export const batchPolicyNames = namesThat("batch");
export const stepPolicyNames = namesThat("step");

/** A policy chosen and its settings checked, ready to be made anew for each run. */
export type PolicyPlan = BatchPlan | StepPlan;

interface Plan {
  readonly name: string;
  /** Settings with every default filled, except those that depend on the machine. */
  readonly settings: Readonly<Record<string, unknown>>;
}

export interface BatchPlan extends Plan {
  readonly work: "batch";
  create(machine: Machine): Policy;
}

export interface StepPlan extends Plan {
  readonly work: "step";
  /** The server that can run it for real; absent: none. */
  readonly server?: "vllm";
  /** ConfigError for settings that cannot be had on the machine. */
  create(machine: Machine): StepPolicy;
}

/** Looks a policy up by name; ConfigError with the nearest name when there is none. */
export function findPolicy(name: string): Registered {
  const found = registry[name];
  if (found === undefined || !Object.hasOwn(registry, name)) {
    throw new ConfigError(`no policy "${name}"${suggest(name, policyNames)} (known: ${policyNames.join(", ")})`);
  }
  return found;
}

/** Names of all settings that a policy has. */
export function settingNames(name: string): readonly string[] {
  const { settings } = findPolicy(name);
  return settings instanceof z.ZodObject ? Object.keys(settings.shape) : [];
}

/** Checks the settings of a policy; `context` says where they came from. */
export function planPolicy(name: string, settings: unknown, context: CheckContext): PolicyPlan {
  const found = findPolicy(name);
  const checked = check(found.settings, settings, context) as Readonly<Record<string, unknown>>;
  if (found.work === "batch") {
    return { name, work: "batch", settings: checked, create: (machine) => found.create(checked, machine) };
  }
  const { server } = found;
  return {
    name,
    work: "step",
    ...defined({ server }),
    settings: checked,
    create: (machine) => found.create(checked, machine),
  };
}

/** Like planPolicy, for callers that run whole batches only; ConfigError for a policy that runs steps. */
export function planBatchPolicy(name: string, settings: unknown, context: CheckContext): BatchPlan {
  const plan = planPolicy(name, settings, context);
  if (plan.work === "batch") return plan;
  throw new ConfigError(
    `policy "${name}" runs steps, expected one that runs whole batches (${batchPolicyNames.join(", ")})`,
  );
}

function namesThat(work: Registered["work"]): readonly string[] {
  return policyNames.filter((name) => registry[name]!.work === work);
}

/** Keeps each entry's settings type tied to its own `create`, then lets the table hold them side by side. */
function entry<S extends z.ZodType>(registered: Registered<S>): Registered {
  return registered;
}
