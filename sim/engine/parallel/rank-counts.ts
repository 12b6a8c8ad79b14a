/**
 * What a front end knows of its data parallel ranks: the counts that they report when they change, gathered by a coordinator,
 * which publishes them now and then. So they are late: a request in an engine's input queue is in none of them, and what
 * has changed shows 50 to 100 ms later. Source: vllm/v1/engine/coordinator.py (behaviour). Times in ns.
 */

export interface RankCounts {
  readonly waiting: number;
  readonly running: number;
  /** KV blocks in use, as a fraction of all. */
  readonly kvFraction: number;
}

interface Report extends RankCounts {
  readonly rank: number;
  /** Of ranks in lockstep, the same in all of them. */
  readonly step: number;
  readonly atNs: number;
}

/** At least so long from one publication of changes to the next. */
const INTERVAL_NS = 100e6;
/** With nothing new, counts are published this often. */
const IDLE_INTERVAL_NS = 5e9;
/** Lockstep: so long it waits for the other ranks' reports of a step. */
const STEP_WAIT_NS = 50e6;

export class Coordinator {
  /** As they were published last; a new object each time. */
  published: readonly RankCounts[];
  private readonly current: RankCounts[];
  private readonly reports: Report[] = [];
  private taken = 0;
  private hasChanged = false;
  private latestStep = -1;
  /** As they were when the reports of the latest step began. */
  private ofStepBefore: readonly RankCounts[] | undefined;
  private publishedNs = 0;
  /** When it last looked. */
  private lookedNs = 0;
  private readonly reported: RankCounts[];

  constructor(
    ranks: number,
    private readonly isLockstep: boolean,
  ) {
    const none = { waiting: 0, running: 0, kvFraction: 0 };
    this.current = Array.from({ length: ranks }, () => none);
    this.reported = [...this.current];
    this.published = [...this.current];
  }

  /** A rank has these counts from `atNs` on; says so only if requests were counted otherwise before. */
  report(rank: number, step: number, atNs: number, counts: RankCounts): void {
    const before = this.reported[rank]!;
    if (before.waiting === counts.waiting && before.running === counts.running) return;
    this.reported[rank] = counts;
    const { reports } = this;
    let at = reports.length;
    while (at > this.taken && reports[at - 1]!.atNs > atNs) at--;
    reports.splice(at, 0, { rank, step, atNs, ...counts });
  }

  /** Does all that happens up to and at `nowNs`. Nothing is reported for before then later on. */
  advance(nowNs: number): void {
    for (;;) {
      const next = this.reports[this.taken];
      const publishNs = this.publishNs();
      if (next !== undefined && next.atNs <= nowNs && next.atNs <= publishNs) this.take(next);
      else if (publishNs <= nowNs) this.publish(publishNs);
      else return;
    }
  }

  /** When it publishes if nothing is reported before. */
  private publishNs(): number {
    const { lookedNs, publishedNs, hasChanged, isLockstep, ofStepBefore } = this;
    const leastNs = isLockstep && ofStepBefore === undefined ? STEP_WAIT_NS : 0;
    const dueNs = publishedNs + (hasChanged ? INTERVAL_NS : IDLE_INTERVAL_NS);
    return Math.max(lookedNs + leastNs, dueNs);
  }

  private take({ rank, step, atNs, waiting, running, kvFraction }: Report): void {
    if (++this.taken === this.reports.length) {
      this.reports.length = 0;
      this.taken = 0;
    }
    if (this.isLockstep && step > this.latestStep) {
      if (this.hasChanged) this.ofStepBefore = [...this.current];
      this.latestStep = step;
    }
    this.current[rank] = { waiting, running, kvFraction };
    this.hasChanged = true;
    this.lookedNs = Math.max(this.lookedNs, atNs);
  }

  /** Counts of a step that all have reported, where there are some: those of the latest one come next. */
  private publish(atNs: number): void {
    this.published = this.ofStepBefore ?? [...this.current];
    if (this.ofStepBefore === undefined) this.hasChanged = false;
    this.ofStepBefore = undefined;
    this.publishedNs = atNs;
    this.lookedNs = atNs;
  }
}
