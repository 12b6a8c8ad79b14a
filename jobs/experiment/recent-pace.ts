/** The pace of the machine, measured no more often than it can have changed: the one just after a run is the one just before the next. */
import type { MeasurePace } from "./pace.js";

/** A pace that is older is measured again. */
const RECENT_NS = 2e9;

interface Measured {
  readonly by: MeasurePace;
  readonly pace: number;
  readonly atNs: number;
}

export class RecentPace {
  private last: Measured | undefined;

  constructor(private readonly nowNs: () => number) {}

  /** The pace now: the last one where it was measured just before, in the same way. */
  async before(measurePace: MeasurePace): Promise<number> {
    const { last } = this;
    if (last?.by === measurePace && this.nowNs() - last.atNs <= RECENT_NS) return last.pace;
    return this.after(measurePace);
  }

  /** The pace now, measured. */
  async after(measurePace: MeasurePace): Promise<number> {
    const pace = Number((await measurePace()).toPrecision(4));
    this.last = { by: measurePace, pace, atNs: this.nowNs() };
    return pace;
  }
}
