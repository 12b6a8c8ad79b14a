/** A replica of a run: its server, the costs of its engines, and how many requests it lets wait. */
import { withFields } from "../../formats/index.js";
import type { StepCostModel } from "../cost/index.js";
import type { StepScheduler } from "../policy/index.js";
import { engineLoop } from "./paced-loop.js";
import { ParallelServer } from "./parallel-server.js";
import { QueueLimits } from "./queue-limits.js";
import type { ServerLoop } from "./server-loop.js";
import type { StepLog } from "./step-log.js";
import type { StepSimulationInput } from "./step-simulation.js";
import { observeWork, type RequestWork } from "./wasted-work.js";

export interface Replica {
  readonly loop: ServerLoop;
  /** Of its engines. */
  readonly costs: readonly StepCostModel[];
  readonly queueLimits: QueueLimits;
}

/** What the replicas of a run have in common. */
export interface ReplicaParts {
  readonly input: StepSimulationInput;
  readonly makeScheduler: () => StepScheduler;
  readonly log: StepLog;
  /** Whether a server stops where a request ends, because something elsewhere may follow from it. */
  readonly stopsAtEnds: boolean;
  readonly stopsAtPreemption: boolean;
  /** Of each request, where clients may give up: every step is simulated then. */
  readonly work: RequestWork | undefined;
}

/** The replica of this number, which has served nothing. */
export function makeReplica(parts: ReplicaParts, replica: number): Replica {
  const { input, makeScheduler, log, stopsAtEnds, stopsAtPreemption, work } = parts;
  const { limits, dataParallel: parallel } = input.policy;
  const ranks = [...new Array(parallel?.ranks ?? 1).keys()];
  const costs = ranks.map((rank) => input.cost(replica, rank));
  const given = (rank: number) => input.observer?.(replica, rank);
  const observer = work === undefined ? given : (rank: number) => observeWork(work, given(rank));
  const jumps = input.engine === "fast" && work === undefined;
  // Shared by withFields, so that the loops of all runs are alike to V8, and what it compiled for one is good for the next.
  const shared = { log, stopsAtEnds, stopsAtPreemption, limits };
  const loop =
    parallel === undefined
      ? engineLoop(withFields(shared, { scheduler: makeScheduler(), cost: costs[0]!, jumps, observer: observer(0) }))
      : new ParallelServer({ ...shared, parallel, schedulers: ranks.map(() => makeScheduler()), costs, observer });
  return { loop, costs, queueLimits: new QueueLimits(limits, log, costs[0]!.frontEnd?.deliveryNs ?? 0) };
}
