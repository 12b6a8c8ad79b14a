/**
 * Drawn times of rounds that decode the same requests, in whole ns: what cost models say of each round, with means worked out
 * once. Each answer draws from the stream that the model itself draws from.
 */
import type { FactorStream } from "./draws/index.js";
import { firstOfLaw, incrementOfLaw, wholeNs } from "./decode-law.js";

/** Means of one number of requests, ns, and what they are drawn by. */
export interface DecodeMeans {
  readonly scheduleNs: number;
  readonly schedule: FactorStream;
  readonly launchNs: number;
  readonly launch: FactorStream;
  /** Part of the launch after which the GPU may begin. */
  readonly lead: number;
  readonly gpu: FactorStream;
  /** Of a step: a part that its requests decide, and a part for each cached token; absent: not asked for. */
  readonly gpuNs?: { readonly baseNs: number; readonly contextTokenNs: number };
  readonly requests: number;
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

/** Fields, not one object in another: they are read in every round. */
export class DecodeTimes {
  readonly restNs: number;
  private readonly scheduleMeanNs: number;
  private readonly launchMeanNs: number;
  private readonly lead: number;
  private readonly updateMeanNs: number;
  /** Of a job of one output. */
  private readonly outputMeanNs: number;
  /** How much longer a step takes on the GPU in the mean than the one before it. */
  readonly incrementNs: number;
  private readonly requests: number;
  private readonly gpuBaseNs: number;
  private readonly contextTokenNs: number;
  private readonly schedule: FactorStream;
  private readonly launch: FactorStream;
  private readonly gpu: FactorStream;
  private readonly update: FactorStream;
  private readonly outputs: OutputMeans | undefined;

  constructor(means: DecodeMeans) {
    this.restNs = means.outputs?.restNs ?? 0;
    this.scheduleMeanNs = means.scheduleNs;
    this.schedule = means.schedule;
    this.launchMeanNs = means.launchNs;
    this.launch = means.launch;
    this.lead = means.lead;
    this.gpu = means.gpu;
    this.updateMeanNs = means.updateNs;
    this.update = means.update;
    this.outputs = means.outputs;
    this.outputMeanNs = means.outputs?.meanNs(1) ?? 0;
    this.requests = means.requests;
    this.gpuBaseNs = means.gpuNs?.baseNs ?? NaN;
    this.contextTokenNs = means.gpuNs?.contextTokenNs ?? NaN;
    this.incrementNs = incrementOfLaw(this.contextTokenNs, means.requests);
  }

  scheduleNs(atNs: number): number {
    return wholeNs(this.scheduleMeanNs * this.schedule.next(atNs));
  }

  launchNs(atNs: number): number {
    return wholeNs(this.launchMeanNs * this.launch.next(atNs));
  }

  leadNs(launchNs: number): number {
    return wholeNs(this.lead * launchNs);
  }

  /**
   * What a step with this many cached tokens takes on the GPU in the mean: the first of its decode law, which goes on for ever if
   * it is more than 1. NaN where the law is not made of these parts.
   */
  meanGpuNs(contextTokens: number): number {
    return firstOfLaw(this.gpuBaseNs, this.contextTokenNs, this.requests, contextTokens);
  }

  /** Of a step that takes `meanNs` in the mean, which depends on its context. */
  gpuNs(meanNs: number): number {
    return Math.max(1, wholeNs(meanNs * this.gpu.next(0)));
  }

  updateNs(atNs: number): number {
    return wholeNs(this.updateMeanNs * this.update.next(atNs));
  }

  /** A job of this many outputs; there is a front end. */
  outputNs(outputs: number, atNs: number): number {
    const means = this.outputs!;
    const jobNs = outputs === 1 ? this.outputMeanNs : means.meanNs(outputs);
    const drawnNs = jobNs * means.factor.next(atNs) + means.stalls.next(means.tokens * outputs);
    return Math.max(this.restNs, wholeNs(drawnNs));
  }
}
