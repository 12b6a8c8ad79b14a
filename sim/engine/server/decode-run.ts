/**
 * Closed form of the engine loop over a run of decode steps of the same requests. Host times are then the same in every
 * round and GPU times an arithmetic progression, so rounds are too, once the loop has settled: either every update waits
 * for the GPU or every one waits for the launch before it. Unsettled rounds are left to the loop itself.
 */
import type { DecodeLaw } from "../../cost/index.js";

/** Host times of a round, ns: schedule, launch, part of the launch before the GPU begins, copy, update with sending. */
export interface RoundTimes {
  readonly scheduleNs: number;
  readonly launchNs: number;
  readonly leadNs: number;
  readonly copyNs: number;
  readonly updateNs: number;
}

/** Rounds that follow a start: the second starts at secondNs; the gaps after it are periodNs, periodNs + growthNs, ... */
export interface DecodeRun {
  /** Rounds that this form holds for. */
  readonly rounds: number;
  readonly secondNs: number;
  /** From the second round's start to the third's. */
  readonly periodNs: number;
  readonly growthNs: number;
  /** When the GPU ends the step of round `r`: gpuNs + (r - 1) x gpuPeriodNs + gpuGrowthNs x (r - 1)(r - 2)/2. */
  readonly gpuNs: number;
  readonly gpuPeriodNs: number;
  readonly gpuGrowthNs: number;
}

/** Synchronous rounds: schedule, launch, compute, update, one after the other. The GPU is idle at the start. */
export function synchronousRun(startNs: number, times: RoundTimes, law: DecodeLaw): DecodeRun {
  const { scheduleNs, launchNs, leadNs, copyNs, updateNs } = times;
  const spareNs = launchNs - leadNs;
  const restNs = scheduleNs + copyNs + updateNs;
  const waitsForGpu = law.firstNs >= spareNs;
  const growthNs = waitsForGpu ? law.incrementNs : 0;
  const gpuSpanNs = waitsForGpu ? leadNs + law.firstNs : launchNs;
  const firstNs = restNs + gpuSpanNs;
  return {
    rounds: waitsForGpu ? law.steps : Math.min(law.steps, roundsUpTo(spareNs, law)),
    secondNs: startNs + firstNs,
    periodNs: firstNs + growthNs,
    growthNs,
    // A step begins as its round does and takes growthNs more each time.
    gpuNs: startNs + scheduleNs + gpuSpanNs,
    gpuPeriodNs: firstNs + growthNs,
    gpuGrowthNs: growthNs,
  };
}

/**
 * Asynchronous rounds: schedule and launch the next step, then update the one in flight, which the GPU ends at
 * `inFlightEndNs`. Undefined while the loop has not settled.
 */
export function asynchronousRun(
  startNs: number,
  inFlightEndNs: number,
  times: RoundTimes,
  law: DecodeLaw,
): DecodeRun | undefined {
  const { scheduleNs, launchNs, leadNs, copyNs, updateNs } = times;
  const { firstNs: gpuNs, incrementNs } = law;
  const scheduledNs = startNs + scheduleNs;
  const launchedNs = scheduledNs + launchNs;
  const hostNs = scheduleNs + launchNs + updateNs;

  const gpuIsAhead =
    inFlightEndNs >= scheduledNs + leadNs &&
    inFlightEndNs + copyNs >= launchedNs &&
    inFlightEndNs + gpuNs >= launchedNs;
  const gpuStaysAhead =
    gpuNs >= copyNs + updateNs + scheduleNs + leadNs && gpuNs >= hostNs && 2 * gpuNs >= copyNs + hostNs;
  if (gpuIsAhead && gpuStaysAhead) {
    return {
      rounds: law.steps,
      secondNs: inFlightEndNs + copyNs + updateNs,
      periodNs: gpuNs,
      growthNs: incrementNs,
      gpuNs: inFlightEndNs + gpuNs,
      gpuPeriodNs: gpuNs + incrementNs,
      gpuGrowthNs: incrementNs,
    };
  }

  const hostIsAhead = inFlightEndNs <= scheduledNs + leadNs && inFlightEndNs + copyNs <= launchedNs;
  const longestGpuNs = Math.min(hostNs, hostNs + launchNs - leadNs - copyNs);
  if (!hostIsAhead || copyNs > hostNs || gpuNs > longestGpuNs) return undefined;
  // The GPU ends a step with its launch, or after it; up to the first that it ends after it both forms are one.
  const spareNs = launchNs - leadNs;
  const waitsForGpu = gpuNs >= spareNs;
  return {
    rounds: Math.min(law.steps, roundsUpTo(longestGpuNs + 1, law), waitsForGpu ? Infinity : roundsUpTo(spareNs, law)),
    secondNs: launchedNs + updateNs,
    periodNs: hostNs,
    growthNs: 0,
    gpuNs: scheduledNs + Math.max(leadNs + gpuNs, launchNs),
    gpuPeriodNs: hostNs + (waitsForGpu ? incrementNs : 0),
    gpuGrowthNs: 0,
  };
}

/** When the GPU ends the step of round `round` of a run, from 1 on. */
export function gpuEndOfRound({ gpuNs, gpuPeriodNs, gpuGrowthNs }: DecodeRun, round: number): number {
  const n = round - 1;
  return gpuNs + n * gpuPeriodNs + (gpuGrowthNs * n * (n - 1)) / 2;
}

/** When round `round` of a run starts, from 2 on. */
export function startOfRound({ secondNs, periodNs, growthNs }: DecodeRun, round: number): number {
  const n = round - 2;
  return secondNs + n * periodNs + (growthNs * n * (n - 1)) / 2;
}

/** How many rounds, at most `limit`, start before `beforeNs`; the first one does. */
export function roundsStartingBefore(run: DecodeRun, beforeNs: number, limit: number): number {
  if (limit < 2 || run.secondNs >= beforeNs) return Math.min(1, limit);
  if (startOfRound(run, limit) < beforeNs) return limit;
  // Largest round with secondNs + n*period + growth*n*(n-1)/2 < beforeNs, n = round - 2.
  const spanNs = beforeNs - run.secondNs;
  const { periodNs, growthNs } = run;
  const half = growthNs / 2;
  const linear = periodNs - half;
  let n = growthNs === 0 ? spanNs / periodNs : (Math.sqrt(linear * linear + 4 * half * spanNs) - linear) / growthNs;
  n = Math.max(0, Math.min(limit - 2, Math.floor(n)));
  while (n + 2 < limit && startOfRound(run, n + 3) < beforeNs) n++;
  while (n > 0 && startOfRound(run, n + 2) >= beforeNs) n--;
  return n + 2;
}

/** Steps of a law whose GPU time stays below `belowNs`. */
function roundsUpTo(belowNs: number, { firstNs, incrementNs, steps }: DecodeLaw): number {
  if (firstNs >= belowNs) return 0;
  return incrementNs === 0 ? steps : Math.ceil((belowNs - firstNs) / incrementNs);
}
