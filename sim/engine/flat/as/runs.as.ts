/**
 * Runs of rounds that decode the same requests, where each output finds the front end free: most rounds of most simulations, in one
 * loop on local variables.
 */
import { heldNs } from "./caller.as";
import { copyNs, decodeMeanNs, isHeldAt, later, launchMeanNs, leadOf, meansOf, sendNs, whole } from "./costs.as";
import { BLOCK, Factors, GPU, LAUNCH, OUTPUT, SCHEDULE, UPDATE } from "./factors.as";
import { endOutput, frontEnd, hasOnlyServedOutputs, isFreeFromNs, send, servedComplete } from "./front-end.as";
import { Pace } from "./pace.as";
import { isAsynchronous } from "./limits.as";
import { decodesOnOneSide, tookDecodes } from "./range.as";
import { countTokens, delivery, Gaps } from "./reports.as";
import { scheduler } from "./scheduler.as";
import { clocks, inFlight } from "./clocks.as";

/**
 * Takes the rounds from `clocks.hostNs` on that begin before `limitNs`, while no request waits to be taken; returns how many.
 * `mayTellEnds`: no client sends anything because an answer is complete.
 */
export function takeRun(limitNs: f64, mayTellEnds: bool): i32 {
  if (inFlight.steps !== isAsynchronous || !hasOnlyServedOutputs() || (servedComplete() && !mayTellEnds)) return 0;
  const possible = scheduler.decodeRun();
  if (possible === 0) return 0;
  const requests = scheduler.running.length;
  const contextTokens = scheduler.steady.contextTokens;
  const meanNs = decodeMeanNs(requests, contextTokens);
  if (meanNs <= 1) return 0;
  endOutput();
  if (delivery.deliveredNs < delivery.firstsOutNs) return 0;
  const beganNs = clocks.hostNs;
  const gpuBusyNs = clocks.busyNs;
  const most = decodesOnOneSide(requests, contextTokens, possible);
  const rounds = decodeRounds(requests, meanNs, most, limitNs);
  tookDecodes(requests, contextTokens, rounds, clocks.busyNs - gpuBusyNs);
  clocks.hostBusyNs += clocks.hostNs - beganNs;
  clocks.steps += rounds;
  clocks.runSteps += rounds;
  if (isAsynchronous) inFlight.oldestEndNs = clocks.gpuEndNs;
  scheduler.skip(rounds);
  const told = clocks.told;
  if (told > 0) scheduler.deliverRun(delivery.deliveredNs);
  if (told < rounds) {
    const step = scheduler.passOfRun(true);
    step.updatedNs = clocks.hostNs - sendNs;
    send(step, clocks.hostNs);
  }
  return rounds;
}

/** At most `most` rounds; returns how many. `clocks.told`: of how many the output was reported, all but perhaps the last one. */
function decodeRounds(requests: i32, firstMeanNs: f64, most: i32, limitNs: f64): i32 {
  const means = meansOf(requests);
  const kind = means.decodeKind;
  const launchStream = LAUNCH + kind;
  const scheduleMeanNs = means.scheduleNs;
  const launchMean = launchMeanNs(means, kind);
  const lead = leadOf(kind);
  const updateMeanNs = means.updateNs;
  const incrementNs = means.incrementNs;
  const outputMeanNs = means.outputNs;
  const restNs = means.restNs;
  const scheduleFactors = Factors.blockOf(SCHEDULE);
  const launchFactors = Factors.blockOf(launchStream);
  const gpuFactors = Factors.blockOf(GPU);
  const updateFactors = Factors.blockOf(UPDATE);
  const outputFactors = Factors.blockOf(OUTPUT);
  let scheduleAt = Factors.placeOf(SCHEDULE);
  let launchAt = Factors.placeOf(launchStream);
  let gpuAt = Factors.placeOf(GPU);
  let updateAt = Factors.placeOf(UPDATE);
  let outputAt = Factors.placeOf(OUTPUT);
  let hostNs = clocks.hostNs;
  let gpuEndNs = clocks.gpuEndNs;
  let oldestEndNs = inFlight.oldestEndNs;
  let meanNs = firstMeanNs;
  let freeNs = isFreeFromNs();
  let deliveredNs = delivery.deliveredNs;
  let gpuBusyNs: f64 = 0;
  let waitedNs: f64 = 0;
  let outputsNs: f64 = 0;
  let rounds = 0;
  let told = 0;
  while (rounds < most && hostNs < limitNs) {
    if (scheduleAt === BLOCK) scheduleAt = Factors.refilled(SCHEDULE);
    const scheduledNs = hostNs + whole(scheduleMeanNs * (Pace.at(hostNs) * load<f64>(scheduleFactors + scheduleAt)));
    scheduleAt += 8;
    if (launchAt === BLOCK) launchAt = Factors.refilled(launchStream);
    const launchNs = whole(launchMean * (Pace.at(scheduledNs) * load<f64>(launchFactors + launchAt)));
    launchAt += 8;
    const launchedNs = scheduledNs + launchNs;
    if (gpuAt === BLOCK) gpuAt = Factors.refilled(GPU);
    const gpuNs = later(1, whole(meanNs * load<f64>(gpuFactors + gpuAt)));
    gpuAt += 8;
    gpuEndNs = later(later(gpuEndNs, scheduledNs + whole(lead * launchNs)) + gpuNs, launchedNs);
    const takenNs = later((isAsynchronous ? oldestEndNs : gpuEndNs) + copyNs, launchedNs);
    oldestEndNs = gpuEndNs;
    if (updateAt === BLOCK) updateAt = Factors.refilled(UPDATE);
    hostNs = takenNs + whole(updateMeanNs * (Pace.at(takenNs) * load<f64>(updateFactors + updateAt))) + sendNs;
    updateAt += 8;
    meanNs += incrementNs;
    gpuBusyNs += gpuNs;
    waitedNs += takenNs - launchedNs;
    rounds++;
    if (freeNs > hostNs || hostNs >= limitNs) break;
    if (outputAt === BLOCK) outputAt = Factors.refilled(OUTPUT);
    let outputNs = outputMeanNs * (Pace.at(hostNs) * load<f64>(outputFactors + outputAt));
    outputAt += 8;
    if (isHeldAt(<f64>requests)) outputNs += heldNs();
    outputNs = later(restNs, whole(outputNs));
    outputsNs += outputNs;
    freeNs = hostNs + outputNs;
    const toldNs = freeNs - restNs;
    Gaps.add(toldNs - deliveredNs, requests);
    deliveredNs = toldNs;
    told++;
  }
  Factors.goOn(SCHEDULE, scheduleAt);
  Factors.goOn(launchStream, launchAt);
  Factors.goOn(GPU, gpuAt);
  Factors.goOn(UPDATE, updateAt);
  Factors.goOn(OUTPUT, outputAt);
  countTokens(<f64>told * <f64>requests);
  clocks.hostNs = hostNs;
  clocks.gpuEndNs = gpuEndNs;
  clocks.busyNs += gpuBusyNs;
  clocks.hostBusyNs -= waitedNs;
  clocks.told = told;
  frontEnd.freeNs = freeNs;
  frontEnd.busyNs += outputsNs;
  delivery.deliveredNs = deliveredNs;
  return rounds;
}
