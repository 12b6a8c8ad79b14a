/**
 * One simulated run on several threads. Where its replicas are apart, the router decides first for all requests; each
 * replica is simulated by itself, in a worker thread or in this one, and the results are put together. They are those of
 * the run in one thread to the last bit.
 */
import { availableParallelism } from "node:os";
import { workerFile } from "../../formats/files/index.js";
import type { Run } from "../../formats/index.js";
import {
  areApart,
  MergedParts,
  outcomeOfSteps,
  replicaParts,
  runOf,
  stepSimulationOf,
  type PartResult,
  type ReplicaPart,
  type SimulatedRunInput,
} from "../../sim/index.js";
import { ownLane, workerLane, type Lane } from "../threads/index.js";
import { runReplica, type ReplicasBase, type ReplicaTask } from "./task.js";

export interface ReplicasOptions {
  /** Threads, this one among them. What comes out does not depend on it. */
  readonly workers: number;
  readonly program?: string | URL | undefined;
}

/**
 * Output tokens that other threads must take off this one. Each thread reads the code again and compiles it while it begins, which
 * takes as long as some ten million.
 */
const WORTH_THREADS = 4e7;

/** Threads that a run is worth where nobody says how many. */
export function threadsForReplicas(
  { replicas = 1 }: Pick<SimulatedRunInput, "replicas">,
  outputTokens: number,
  cores = availableParallelism(),
): number {
  const threads = Math.min(replicas, cores);
  return outputTokens * (1 - 1 / threads) >= WORTH_THREADS ? threads : 1;
}

/** Undefined for a run that is simulated as one: it has one replica, or some that are not apart, or there is one thread. */
export async function simulateReplicas(input: SimulatedRunInput, options: ReplicasOptions): Promise<Run | undefined> {
  const { plan, workload, ...rest } = input;
  // These are functions, which stay in this thread.
  if (plan.work !== "step" || rest.paceAt !== undefined || rest.observe !== undefined) return undefined;
  if (options.workers < 2 || (rest.replicas ?? 1) < 2) return undefined;
  const steps = stepSimulationOf(input, plan);
  if (!areApart(steps)) return undefined;
  // While the threads start, this one makes the parts.
  const lanes = startLanes({ policy: { name: plan.name, settings: plan.settings }, input: rest }, options);
  try {
    const parts = replicaParts(steps);
    if (parts === undefined) return undefined;
    const merged = new MergedParts({ workload }, parts);
    await simulateAll(lanes, parts, false, merged);
    await simulateAll(lanes, merged.again(), true, merged);
    return runOf(input, outcomeOfSteps(input, steps, merged.result()));
  } finally {
    await Promise.all(lanes.map((lane) => lane.close()));
  }
}

type ReplicaLane = Lane<ReplicaTask, PartResult>;

function startLanes(base: ReplicasBase, { workers, program }: ReplicasOptions): ReplicaLane[] {
  const others = Math.min(workers, base.input.replicas ?? 1) - 1;
  const file = program ?? workerFile("replicas");
  return [
    ...Array.from({ length: others }, () => workerLane<ReplicaTask, PartResult>(file, base, REMEDY)),
    ownLane((task) => runReplica(base, task)),
  ];
}

const REMEDY = "simulate --workers 1 starts none";

/** After an error no other part is begun. Of several errors the first replica's is thrown, as one thread would. */
async function simulateAll(
  lanes: readonly ReplicaLane[],
  parts: readonly ReplicaPart[],
  afterPreemption: boolean,
  merged: MergedParts,
): Promise<void> {
  let next = 0;
  const failures: { readonly at: number; readonly error: Error }[] = [];
  const drive = async (lane: ReplicaLane): Promise<void> => {
    while (next < parts.length && failures.length === 0) {
      const at = next++;
      const part = parts[at]!;
      try {
        merged.add(part, await lane.run({ part, afterPreemption }));
      } catch (error) {
        failures.push({ at, error: error as Error });
      }
    }
  };
  await Promise.all(lanes.map(drive));
  const [first] = failures.sort((a, b) => a.at - b.at);
  if (first !== undefined) throw first.error;
}
