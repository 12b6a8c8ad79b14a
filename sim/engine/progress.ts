/**
 * Detects a scheduler that is stuck, through its settings or a bug of ours: nothing scheduled, or preemptions forever.
 */
import { ConfigError, InvariantError } from "../../formats/index.js";
import type { EngineStep, StepScheduler } from "../policy/index.js";

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
    if (this.emptySteps >= STUCK_STEPS) {
      throw new InvariantError(`nothing was scheduled in ${STUCK_STEPS} steps, ${this.state(hostNs)}`);
    }
    if (this.preemptionsSinceToken >= STUCK_PREEMPTIONS) {
      throw new ConfigError(
        `livelock: ${STUCK_PREEMPTIONS} preemptions without an output token, ${this.state(hostNs)}; running requests take ` +
          "each other's blocks, give more num_gpu_blocks, or leave scheduler_reserve_full_isl on",
      );
    }
  }

  private state(hostNs: number): string {
    const { runningRequests, waitingRequests, freeBlocks } = this.scheduler;
    return `at ${hostNs / 1e6} ms: ${runningRequests} requests running, ${waitingRequests} waiting, ${freeBlocks} KV blocks free`;
  }
}
