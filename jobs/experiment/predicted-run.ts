/**
 * A real run that is predicted before it is made: reference batches, simulation at their pace, run, reference batches.
 */
import type { Run } from "../../formats/index.js";
import type { MeasurePace, Pace } from "./pace.js";

export interface PredictedRunInput {
  /** Absent: the profile keeps no reference, so nothing is predicted at another pace than its own. */
  readonly measurePace: MeasurePace | undefined;
  readonly paces: RecentPace;
  /** The prediction is finished when it resolves, so that it takes no time from the run. */
  readonly predict: (pace: number) => Promise<void>;
  readonly make: () => Promise<Run>;
}

/**
 * The run, with the pace before it, which the prediction was made at, and the pace after it, which it cannot have
 * known.
 */
export async function predictedRun({ measurePace, paces, predict, make }: PredictedRunInput): Promise<Run> {
  if (measurePace === undefined) return await make();
  const before = await paces.before(measurePace);
  await predict(before);
  const run = await make();
  const pace: Pace = { before, after: await paces.after(measurePace) };
  return { ...run, info: { ...run.info, pace } };
}

/** A pace that is older is measured again. */
const RECENT_NS = 2e9;

/** The pace of the machine, measured no more often than it can have changed: that after a run is that before the next. */
export class RecentPace {
  private last: { readonly by: MeasurePace; readonly pace: number; readonly atNs: number } | undefined;

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
