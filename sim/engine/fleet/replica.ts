/** A replica of a run: its server, the costs of its engines, and how many requests it lets wait. */
import type { StepCostModel } from "../../cost/index.js";
import type { DataParallel, SchedulerChoice, SchedulerRequest, TokenCounts } from "../../policy/index.js";
import { engineOf } from "../engine-of.js";
import { ParallelServer } from "../parallel/index.js";
import { QueueLimits } from "../server/index.js";
import type { ServerLoop } from "../server/index.js";
import type { StepLog } from "../log/index.js";
import type { StepObserver } from "../server/index.js";
import type { StepSimulationInput } from "../step-simulation.js";
import { observeWork, type RequestWork } from "../clients/index.js";

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
  readonly requests: readonly SchedulerRequest[];
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
    loop: parallel === undefined ? engine(parts, replica, costs[0]!) : parallelServer(parts, replica, costs, parallel),
    costs,
    queueLimits: new QueueLimits(limits, log, costs[0]!.frontEnd?.deliveryNs ?? 0),
  };
}

/** So many engines may be compiled ones: each takes ten gigabytes of addresses, of which a process has a hundred terabytes. */
const MOST_COMPILED = 256;

function engine({ input, ...parts }: ReplicaParts, replica: number, cost: StepCostModel): ServerLoop {
  const { limits } = input.policy;
  const schedulers = replica < MOST_COMPILED ? parts.schedulers : { make: parts.schedulers.make };
  const { log, requests, tokens, stopsAtEnds, stopsAtPreemption, work } = parts;
  return engineOf({
    ...{ schedulers, limits, cost, log, requests, tokens, stopsAtEnds, stopsAtPreemption },
    jumps: input.engine === "fast" && work === undefined,
    isScaled: input.autoscale !== undefined,
    observer: observerOf({ input, work }, replica, 0),
  });
}

function parallelServer(
  parts: ReplicaParts,
  replica: number,
  costs: readonly StepCostModel[],
  parallel: DataParallel,
): ServerLoop {
  const schedulers = costs.map(() => parts.schedulers.make());
  const observer = (rank: number): StepObserver | undefined => observerOf(parts, replica, rank);
  const { input, log, stopsAtEnds, stopsAtPreemption } = parts;
  const { limits } = input.policy;
  return new ParallelServer({ log, stopsAtEnds, stopsAtPreemption, limits, parallel, schedulers, costs, observer });
}

function observerOf(
  { input, work }: Pick<ReplicaParts, "input" | "work">,
  replica: number,
  rank: number,
): StepObserver | undefined {
  const given = input.observer?.(replica, rank);
  return work === undefined ? given : observeWork(work, given);
}
