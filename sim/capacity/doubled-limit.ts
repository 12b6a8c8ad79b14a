/**
 * The same server with twice as much of what limits its admissions: the changed settings, or more memory or clients.
 */
import { check, ConfigError, InvariantError, type Profile } from "../../formats/index.js";
import { machineOf, type SimulatedRunInput } from "../engine/index.js";
import { planPolicy, serverSettings, type AdmissionLimit } from "../policy/index.js";

export interface Doubled {
  readonly input: SimulatedRunInput;
  /** Settings that changed; none where there is no setting for it (memory). */
  readonly changed: Readonly<Record<string, number>>;
}

/** InvariantError where the policy has no such limit, ConfigError where it cannot be doubled. */
export function withTwice(input: SimulatedRunInput, limit: AdmissionLimit): Doubled {
  const { plan, profile } = input;
  if (plan.work === "batch") {
    if (limit === "kv_blocks") return { input: { ...input, profile: withTwiceTheMemory(profile) }, changed: {} };
    const sizes = Object.entries(plan.settings).filter(([name]) => name === "batch_size" || name === "max_batch_size");
    return changedBy(input, Object.fromEntries(sizes.map(([name, size]) => [name, 2 * Number(size)])));
  }
  const changed = plan.create(machineOf(profile)).doubled[limit];
  if (changed === undefined)
    throw new InvariantError(`${limit} stopped admissions of ${plan.name}, which has no such limit`);
  return changedBy(input, changed);
}

/** What `work` gives, or undefined where settings that are twice as large do not work together (ConfigError). */
export function ifItWorks<Result>(work: () => Result): Result | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

function changedBy(input: SimulatedRunInput, changed: Readonly<Record<string, number>>): Doubled {
  const { plan } = input;
  const doubled = planPolicy(plan.name, { ...plan.settings, ...changed }, { source: plan.name });
  if (doubled.work === "step") doubled.create(machineOf(input.profile));
  return { input: { ...input, plan: doubled }, changed };
}

function withTwiceTheMemory(profile: Profile): Profile {
  const { engine, memory } = profile;
  const { num_gpu_blocks: blocks } = check(serverSettings, engine.settings, { source: profile.name });
  const settings = blocks === undefined ? engine.settings : { ...engine.settings, num_gpu_blocks: 2 * blocks };
  const total_bytes = 2 * memory.total_bytes;
  return { ...profile, memory: { ...memory, total_bytes }, engine: { ...engine, settings } };
}
