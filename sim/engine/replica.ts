/** A replica of a run: its server, the costs of its engines, and how many requests it lets wait. */
import { withFields } from "../../formats/index.js";
import type { StepCostModel } from "../cost/index.js";
import type { DataParallel, SchedulerChoice, TokenCounts } from "../policy/index.js";
import { FlatLoop } from "./flat/index.js";
import { engineLoop } from "./paced-loop.js";
import { ParallelServer } from "./parallel-server.js";
import { QueueLimits } from "./queue-limits.js";
import type { ServerLoop } from "./server-loop.js";
import type { StepLog } from "./step-log.js";
import type { StepObserver } from "./step-observer.js";
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
  readonly schedulers: Pick<SchedulerChoice, "make" | "counted">;
  /** Of all requests. */
  readonly tokens: TokenCounts;
  readonly log: StepLog;
  /** Whether a server stops where a request ends, because something elsewhere may follow from it. */
  readonly stopsAtEnds: boolean;
  readonly stopsAtPreemption: boolean;
  /** Of each request, where clients may give up: every step is simulated then. */
  readonly work: RequestWork | undefined;
}

/** The replica of this number, which has served nothing. */
export function makeReplica(parts: ReplicaParts, replica: number): Replica {
  const { input, log } = parts;
  const { limits, dataParallel: parallel } = input.policy;
  const ranks = [...new Array(parallel?.ranks ?? 1).keys()];
  const costs = ranks.map((rank) => input.cost(replica, rank));
  return {
    loop: parallel === undefined ? engineOf(parts, replica, costs[0]!) : parallelServer(parts, replica, costs, parallel),
    costs,
    queueLimits: new QueueLimits(limits, log, costs[0]!.frontEnd?.deliveryNs ?? 0),
  };
}

function engineOf(parts: ReplicaParts, replica: number, cost: StepCostModel): ServerLoop {
  const { input, schedulers, work } = parts;
  const jumps = input.engine === "fast" && work === undefined;
  const flat = jumps ? flatEngine(parts, cost) : undefined;
  if (flat !== undefined) return flat;
  // Shared by withFields, so that the loops of all runs are alike to V8, and what it compiled for one is good for the next.
  const scheduler = schedulers.make();
  return engineLoop(withFields(sharedOf(parts), { scheduler, cost, jumps, observer: observerOf(parts, replica, 0) }));
}

/** The compiled engine, where it does what is asked. Its log has a request late: nobody may ask for its first token before. */
function flatEngine({ input, schedulers, ...parts }: ReplicaParts, cost: StepCostModel): FlatLoop | undefined {
  const { counted: limits } = schedulers;
  const { paced } = cost;
  if (limits === undefined || paced === undefined) return undefined;
  if (input.autoscale !== undefined || limits.maxNumQueuedTokens !== undefined) return undefined;
  const { log, tokens, stopsAtEnds, stopsAtPreemption } = parts;
  return new FlatLoop({ limits, cost, paced, log, tokens, stopsAtEnds, stopsAtPreemption });
}

function parallelServer(
  parts: ReplicaParts,
  replica: number,
  costs: readonly StepCostModel[],
  parallel: DataParallel,
): ServerLoop {
  const schedulers = costs.map(() => parts.schedulers.make());
  const observer = (rank: number): StepObserver | undefined => observerOf(parts, replica, rank);
  return new ParallelServer({ ...sharedOf(parts), parallel, schedulers, costs, observer });
}

function sharedOf({ input, log, stopsAtEnds, stopsAtPreemption }: ReplicaParts) {
  return { log, stopsAtEnds, stopsAtPreemption, limits: input.policy.limits };
}

function observerOf({ input, work }: ReplicaParts, replica: number, rank: number): StepObserver | undefined {
  const given = input.observer?.(replica, rank);
  return work === undefined ? given : observeWork(work, given);
}
