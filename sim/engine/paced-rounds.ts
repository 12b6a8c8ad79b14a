/**
 * The rounds of decode-rounds.ts where every time of the host is at one pace and each output finds the front end free: most
 * rounds of most runs. The same arithmetic on the same draws, written out in one loop on local variables: V8 then has nothing
 * to call and no number to put into an object.
 */
import { BLOCK, type DecodeTimes, type PacedStreams } from "../cost/index.js";
import type { RunOutputs } from "./run-outputs.js";
import type { StepLog } from "./step-log.js";

/** Where a run stands, in ns; the rounds move it on. */
export interface RunState {
  readonly requests: number;
  readonly times: DecodeTimes;
  readonly outputs: RunOutputs;
  readonly isSynchronous: boolean;
  readonly copyNs: number;
  readonly sendNs: number;
  /** What the next round computes on average, and how much more each one after it. */
  meanNs: number;
  readonly incrementNs: number;
  /** Rounds begin before it. */
  readonly limitNs: number;
  hostNs: number;
  gpuEndNs: number;
  oldestEndNs: number;
  busyNs: number;
  waitedNs: number;
}

/**
 * At most `most` rounds; returns how many. The last one's output is told of only if it finds the front end free before the
 * limit: whether it does not, and is left to `outputs`, is `outputs.isBehind`.
 */
// eslint-disable-next-line max-lines-per-function -- one loop: in parts it would have to put its variables into objects
export function pacedRounds(run: RunState, streams: PacedStreams, log: StepLog, most: number): number {
  const { limitNs, requests, times, outputs, isSynchronous, copyNs, sendNs, incrementNs } = run;
  const { scheduleMeanNs, launchMeanNs, lead, updateMeanNs, outputMeanNs, restNs } = times;
  const { pace, schedule, launch, gpu, update, output, stalls } = streams;
  const { values: scheduleFactors } = schedule;
  const { values: launchFactors } = launch;
  const { values: gpuFactors } = gpu;
  const { values: updateFactors } = update;
  const { values: outputFactors } = output;
  let { at: scheduleAt } = schedule;
  let { at: launchAt } = launch;
  let { at: gpuAt } = gpu;
  let { at: updateAt } = update;
  let { at: outputAt } = output;
  let { tokensLeft } = stalls;
  let { hostNs, meanNs, gpuEndNs, oldestEndNs, busyNs, waitedNs } = run;
  let { freeNs, deliveredNs, busyNs: outputsNs } = outputs;
  let rounds = 0;
  let told = 0;
  while (rounds < most && hostNs < limitNs) {
    if (scheduleAt === BLOCK) scheduleAt = refilled(schedule);
    const scheduledNs = hostNs + Math.floor(scheduleMeanNs * (pace.at(hostNs) * scheduleFactors[scheduleAt++]!) + 0.5);
    if (launchAt === BLOCK) launchAt = refilled(launch);
    const launchNs = Math.floor(launchMeanNs * (pace.at(scheduledNs) * launchFactors[launchAt++]!) + 0.5);
    const launchedNs = scheduledNs + launchNs;
    if (gpuAt === BLOCK) gpuAt = refilled(gpu);
    const gpuNs = Math.max(1, Math.floor(meanNs * gpuFactors[gpuAt++]! + 0.5));
    const beginsNs = Math.max(gpuEndNs, scheduledNs + Math.floor(lead * launchNs + 0.5));
    gpuEndNs = Math.max(beginsNs + gpuNs, launchedNs);
    const takenNs = Math.max((isSynchronous ? gpuEndNs : oldestEndNs) + copyNs, launchedNs);
    oldestEndNs = gpuEndNs;
    if (updateAt === BLOCK) updateAt = refilled(update);
    hostNs = takenNs + Math.floor(updateMeanNs * (pace.at(takenNs) * updateFactors[updateAt++]!) + 0.5) + sendNs;
    meanNs += incrementNs;
    busyNs += gpuNs;
    waitedNs += takenNs - launchedNs;
    rounds++;
    if (freeNs > hostNs || hostNs >= limitNs) break;
    if (outputAt === BLOCK) outputAt = refilled(output);
    let outputNs = outputMeanNs * (pace.at(hostNs) * outputFactors[outputAt++]!);
    tokensLeft -= requests;
    if (tokensLeft < 0) {
      outputNs += stalls.held();
      ({ tokensLeft } = stalls);
    }
    outputNs = Math.max(restNs, Math.floor(outputNs + 0.5));
    outputsNs += outputNs;
    freeNs = hostNs + outputNs;
    const toldNs = freeNs - restNs;
    log.steadyTokens(requests, toldNs - deliveredNs);
    deliveredNs = toldNs;
    told++;
  }
  schedule.at = scheduleAt;
  launch.at = launchAt;
  gpu.at = gpuAt;
  update.at = updateAt;
  output.at = outputAt;
  stalls.tokensLeft = tokensLeft;
  run.hostNs = hostNs;
  run.meanNs = meanNs;
  run.gpuEndNs = gpuEndNs;
  run.oldestEndNs = oldestEndNs;
  run.busyNs = busyNs;
  run.waitedNs = waitedNs;
  outputs.freeNs = freeNs;
  outputs.deliveredNs = deliveredNs;
  outputs.busyNs = outputsNs;
  outputs.told += told;
  outputs.isBehind = told < rounds;
  return rounds;
}

function refilled(stream: { refill(): void }): number {
  stream.refill();
  return 0;
}
