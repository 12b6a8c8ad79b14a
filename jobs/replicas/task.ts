/** One replica of a run to simulate, in whichever thread. */
import { InvariantError } from "../../formats/index.js";
import {
  planPolicy,
  simulatePart,
  stepSimulationOf,
  workloadOfPart,
  type PartResult,
  type ReplicaPart,
  type SimulatedRunInput,
} from "../../sim/index.js";

/** What all replicas share, in a form that crosses threads: a plan holds functions, its name and settings do not. */
export interface ReplicasBase {
  readonly policy: { readonly name: string; readonly settings: Readonly<Record<string, unknown>> };
  readonly input: Omit<SimulatedRunInput, "plan" | "workload">;
}

export interface ReplicaTask {
  readonly part: ReplicaPart;
  readonly afterPreemption: boolean;
}

export function runReplica({ policy, input }: ReplicasBase, { part, afterPreemption }: ReplicaTask): PartResult {
  const plan = planPolicy(policy.name, policy.settings, { source: `settings of ${policy.name}` });
  if (plan.work !== "step") throw new InvariantError(`${plan.name} runs whole batches, its replicas are not apart`);
  const steps = stepSimulationOf({ ...input, plan, workload: workloadOfPart(part) }, plan);
  return simulatePart(steps, { replica: part.replica, afterPreemption });
}
