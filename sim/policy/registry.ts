/** Every policy by name: settings, what it is, how to make one. Adding a policy is one file and one line here. */
import type { z } from "zod";
import { check, ConfigError, suggest, type CheckContext } from "../../formats/index.js";
import { createDynamic, dynamicSettings } from "./dynamic.js";
import type { Machine } from "./machine.js";
import { createNaive, naiveSettings } from "./naive.js";
import type { Policy } from "./policy.js";
import { createVllm, vllmSettings } from "./vllm/index.js";

interface Registered<S extends z.ZodType = z.ZodType> {
  readonly describe: string;
  readonly settings: S;
  /** `batch`: whole static batches, which real/onnx can run; `step`: continuous batching. */
  readonly work: "batch" | "step";
  create(settings: z.output<S>, machine: Machine): Policy;
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
  vllm: entry({ describe: "continuous batching, paged KV", settings: vllmSettings, work: "step", create: createVllm }),
};

export const policyNames: readonly string[] = Object.keys(registry);

/** A policy chosen and its settings checked, ready to be made anew for each run. */
export interface PolicyPlan {
  readonly name: string;
  readonly work: "batch" | "step";
  /** Settings with every default filled. */
  readonly settings: Readonly<Record<string, unknown>>;
  create(machine: Machine): Policy;
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
  return { name, work: found.work, settings: checked, create: (machine) => found.create(checked, machine) };
}

/** Keeps each entry's settings type tied to its own `create`, then lets the table hold them side by side. */
function entry<S extends z.ZodType>(registered: Registered<S>): Registered {
  return registered;
}
