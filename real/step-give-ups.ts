/** Clients that give up on a real run of steps, by the simulator's own rules: they look at their watches between two steps. */
import {
  GiveUps,
  ImpatientClient,
  isLastAttempt,
  RequestWork,
  type GiveUpSummary,
  type StepAssignment,
  type StepLog,
} from "../sim/index.js";
import type { Workload } from "../formats/index.js";

export class StepGiveUps {
  readonly client: ImpatientClient;
  private readonly giveUps: GiveUps;
  private readonly work: RequestWork;
  private busyNs = 0;

  constructor(
    private readonly workload: Workload,
    private readonly log: StepLog,
  ) {
    this.client = new ImpatientClient(workload);
    this.work = new RequestWork(log.rows);
    this.giveUps = new GiveUps(this.client, { log, work: this.work, retries: workload.retries, deliveryNs: 0 });
  }

  accepted(index: number, atNs: number): void {
    this.giveUps.accepted(index, 0, atNs);
  }

  /** Takes those whose patience was over before `untilNs` out of the log; each is still to be taken out of the scheduler. */
  givenUpBefore(untilNs: number): number[] {
    const { giveUps, client, log } = this;
    const found: number[] = [];
    while (giveUps.nextNs < untilNs) {
      const atNs = giveUps.nextNs;
      const given = giveUps.take(atNs);
      if (given === undefined) continue;
      log.aborted(given.index, atNs, given.reason);
      client.failed(atNs, given.index);
      found.push(given.index);
    }
    return found;
  }

  /** Whether a request that was given up is not sent again. */
  isLast(index: number): boolean {
    return isLastAttempt(this.workload, index);
  }

  /** A step was computed; its time is shared in proportion to tokens, as in simulations. */
  computed(assignments: readonly StepAssignment[], tookNs: number): void {
    const tokens = assignments.reduce((sum, one) => sum + one.tokens, 0);
    for (const one of assignments) this.work.add(one, (tookNs * one.tokens) / tokens);
    this.busyNs += tookNs;
  }

  summary(): GiveUpSummary {
    return this.giveUps.summary(this.busyNs);
  }
}
