/**
 * Detects a scheduler that is stuck, through its settings or a bug of ours: nothing scheduled, or preemptions forever.
 */
import { ConfigError, InvariantError } from "../../../formats/index.js";
import type { EngineStep, StepScheduler } from "../../policy/index.js";

/** Steps without a token scheduled, or preemptions without a token sampled, after which a scheduler is called stuck. */
const STUCK_STEPS = 1000;
const STUCK_PREEMPTIONS = 10_000;

export class Progress {
  private emptySteps = 0;
  private preemptionsSinceToken = 0;

  constructor(private readonly scheduler: StepScheduler) {}

  /** Steps with tokens were taken. */
  made(): void {
    this.emptySteps = 0;
    this.preemptionsSinceToken = 0;
  }

  /** Looks at a step just scheduled: requests of equal rank may preempt each other forever. */
  check(step: EngineStep, hostNs: number): void {
    const isIdle = step.scheduledTokens === 0 && this.scheduler.hasUnfinished();
    this.emptySteps = isIdle ? this.emptySteps + 1 : 0;
    this.preemptionsSinceToken = step.samplingRequests > 0 ? 0 : this.preemptionsSinceToken + step.preempted.length;
    if (this.emptySteps >= STUCK_STEPS) throw nothingScheduled(this.scheduler, hostNs);
    if (this.preemptionsSinceToken >= STUCK_PREEMPTIONS) throw livelock(this.scheduler, hostNs);
  }
}

type Queues = Pick<StepScheduler, "runningRequests" | "waitingRequests" | "freeBlocks">;

export function nothingScheduled(queues: Queues, hostNs: number): Error {
  return new InvariantError(`nothing was scheduled in ${STUCK_STEPS} steps, ${stateOf(queues, hostNs)}`);
}

export function livelock(queues: Queues, hostNs: number): Error {
  return new ConfigError(
    `livelock: ${STUCK_PREEMPTIONS} preemptions without an output token, ${stateOf(queues, hostNs)}; running requests take ` +
      "each other's blocks, give more num_gpu_blocks, or leave scheduler_reserve_full_isl on",
  );
}

function stateOf({ runningRequests, waitingRequests, freeBlocks }: Queues, hostNs: number): string {
  return `at ${hostNs / 1e6} ms: ${runningRequests} requests running, ${waitingRequests} waiting, ${freeBlocks} KV blocks free`;
}
