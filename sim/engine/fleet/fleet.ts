/**
 * The replicas of a reactive autoscaler over time: launched, serving, draining, stopped. The rule is that of Kubernetes'
 * HorizontalPodAutoscaler: it aims at the number that would bring the signal per replica to the target, and leaves a signal
 * within a tenth of the target alone. It adds replicas at once, and removes some only when every look of the scale-down delay
 * wanted fewer. Times in ns.
 */
import type { AutoscalePlan } from "../../../formats/index.js";

export interface FleetMember {
  readonly launchNs: number;
  /** When it begins to serve. */
  readonly readyNs: number;
  /** From then on it gets no more requests. */
  drainNs: number;
  /** Its last request is answered. */
  stopNs: number;
}

/** As the fleet was from a moment on. */
export interface FleetState {
  readonly atNs: number;
  readonly serving: number;
  readonly starting: number;
  readonly draining: number;
}

/** Of the target, how far off the signal may be before anything is done. */
const TOLERANCE = 0.1;
/** In one look it may grow so many times, or by so many: the defaults of a HorizontalPodAutoscaler. */
const MOST_TIMES = 2;
const MOST_MORE = 4;

export class Fleet {
  readonly members: FleetMember[] = [];
  readonly states: FleetState[] = [];
  private nextLookNs: number;
  private readonly wanted: { readonly atNs: number; readonly count: number }[] = [];

  constructor(private readonly plan: AutoscalePlan) {
    const { initial = plan.min, intervalS } = plan;
    for (let at = 0; at < initial; at++)
      this.members.push({ launchNs: 0, readyNs: 0, drainNs: Infinity, stopNs: Infinity });
    this.nextLookNs = toNs(intervalS);
    this.note(0);
  }

  get signal(): AutoscalePlan["signal"] {
    return this.plan.signal;
  }

  /** When it looks at the signal, or a replica becomes ready. */
  nextNs(): number {
    let next = this.nextLookNs;
    for (const { readyNs, drainNs } of this.members) {
      if (readyNs > this.states.at(-1)!.atNs && readyNs < next && drainNs === Infinity) next = readyNs;
    }
    return next;
  }

  /** Positions of the replicas that get requests. */
  serving(nowNs: number): number[] {
    return this.members.flatMap(({ readyNs, drainNs }, at) => (readyNs <= nowNs && drainNs > nowNs ? [at] : []));
  }

  isDraining(member: number): boolean {
    return this.members[member]!.drainNs < Infinity;
  }

  stopped(member: number, atNs: number): void {
    this.members[member]!.stopNs = atNs;
    this.note(atNs);
  }

  /**
   * At nextNs(): `observe` gives the signal's mean over the replicas that serve, undefined where there is none. Returns the
   * positions of those that begin to drain; replicas launched are at the end of `members`.
   */
  act(nowNs: number, observe: () => number | undefined): number[] {
    if (nowNs < this.nextLookNs) {
      this.note(nowNs);
      return [];
    }
    this.nextLookNs = nowNs + toNs(this.plan.intervalS);
    const serving = this.serving(nowNs);
    const starting = this.startingAt(nowNs);
    const current = serving.length + starting.length;
    const desired = this.desired(nowNs, serving.length, current, observe());
    for (let at = current; at < desired; at++) {
      this.members.push({
        launchNs: nowNs,
        readyNs: nowNs + toNs(this.plan.startupS),
        drainNs: Infinity,
        stopNs: Infinity,
      });
    }
    // Those that do not serve yet go first, the youngest first.
    const leaving = [...serving, ...starting].slice(Math.max(1, desired));
    for (const at of leaving) this.members[at]!.drainNs = nowNs;
    for (const at of leaving) if (this.members[at]!.readyNs > nowNs) this.members[at]!.stopNs = nowNs;
    this.note(nowNs);
    return leaving.filter((at) => this.members[at]!.stopNs === Infinity);
  }

  private desired(nowNs: number, serving: number, current: number, signal: number | undefined): number {
    const { target, min, max, scaleDownDelayS } = this.plan;
    const ratio = signal === undefined ? 1 : signal / target;
    const isOff = Math.abs(ratio - 1) > TOLERANCE;
    // Those that start will take their part: what serves now says how many it takes in all.
    const raw = isOff ? Math.ceil(serving * ratio) : serving;
    const growable = Math.max(MOST_TIMES * current, current + MOST_MORE);
    const count = Math.min(max, growable, Math.max(min, raw));
    const { wanted } = this;
    wanted.push({ atNs: nowNs, count });
    while (wanted[0]!.atNs < nowNs - toNs(scaleDownDelayS)) wanted.shift();
    if (count >= current) return count;
    return Math.min(
      current,
      wanted.reduce((most, one) => Math.max(most, one.count), count),
    );
  }

  private startingAt(nowNs: number): number[] {
    return this.members.flatMap(({ readyNs, drainNs }, at) => (readyNs > nowNs && drainNs === Infinity ? [at] : []));
  }

  private note(atNs: number): void {
    let draining = 0;
    for (const { drainNs, stopNs } of this.members) if (drainNs <= atNs && stopNs > atNs) draining++;
    const state = { atNs, serving: this.serving(atNs).length, starting: this.startingAt(atNs).length, draining };
    if (this.states.at(-1)?.atNs === atNs) this.states.pop();
    this.states.push(state);
  }
}

function toNs(seconds: number): number {
  return Math.round(seconds * 1e9);
}
