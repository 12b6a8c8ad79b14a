/**
 * Drawn times of rounds that decode the same requests, in whole ns: what cost models say of each round, with means worked out
 * once. Each answer draws from the stream that the model itself draws from.
 */
import type { FactorStream } from "./factor-streams.js";
import { wholeNs } from "./decode-law.js";

/** Means of one number of requests, ns, and what they are drawn by. */
export interface DecodeMeans {
  readonly scheduleNs: number;
  readonly schedule: FactorStream;
  readonly launchNs: number;
  readonly launch: FactorStream;
  /** Part of the launch after which the GPU may begin. */
  readonly lead: number;
  readonly gpu: FactorStream;
  readonly updateNs: number;
  readonly update: FactorStream;
  /** Absent: no front end. */
  readonly outputs?: OutputMeans | undefined;
}

/** The front end's jobs of outputs of these requests. */
export interface OutputMeans {
  /** Mean time by the number of outputs in a job. */
  meanNs(outputs: number): number;
  readonly tokens: number;
  /** What of a job comes after half of its chunks are written. */
  readonly restNs: number;
  readonly factor: FactorStream;
  readonly stalls: { next(tokens: number): number };
}

export class DecodeTimes {
  readonly restNs: number;
  private readonly oneOutputNs: number;

  constructor(private readonly means: DecodeMeans) {
    this.restNs = means.outputs?.restNs ?? 0;
    this.oneOutputNs = means.outputs?.meanNs(1) ?? 0;
  }

  scheduleNs(atNs: number): number {
    return wholeNs(this.means.scheduleNs * this.means.schedule.next(atNs));
  }

  launchNs(atNs: number): number {
    return wholeNs(this.means.launchNs * this.means.launch.next(atNs));
  }

  leadNs(launchNs: number): number {
    return wholeNs(this.means.lead * launchNs);
  }

  /** Of a step that takes `meanNs` in the mean, which depends on its context. */
  gpuNs(meanNs: number): number {
    return Math.max(1, wholeNs(meanNs * this.means.gpu.next(0)));
  }

  updateNs(atNs: number): number {
    return wholeNs(this.means.updateNs * this.means.update.next(atNs));
  }

  /** A job of this many outputs; there is a front end. */
  outputNs(outputs: number, atNs: number): number {
    const means = this.means.outputs!;
    const jobNs = outputs === 1 ? this.oneOutputNs : means.meanNs(outputs);
    const drawnNs = jobNs * means.factor.next(atNs) + means.stalls.next(means.tokens * outputs);
    return Math.max(this.restNs, wholeNs(drawnNs));
  }
}
