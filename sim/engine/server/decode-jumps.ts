/** Jumps of an engine over runs of decodes whose times have a closed form (decode-run.ts): the loop's rounds at once. */
import type { DecodeLaw, StepCostModel, StepShape } from "../../cost/index.js";
import type { StepScheduler, TokenSink } from "../../policy/index.js";
import {
  asynchronousRun,
  gpuEndOfRound,
  roundsStartingBefore,
  startOfRound,
  synchronousRun,
  type DecodeRun,
  type RoundTimes,
} from "./decode-run.js";
import type { EngineClocks } from "./engine-clocks.js";
import type { FrontEnd, OutputToSend } from "./front-end.js";
import type { StepLog } from "../log/index.js";
import type { StepsInFlight } from "./steps-in-flight.js";

/** The parts of an engine that a run of decodes changes. */
export interface EngineParts {
  readonly scheduler: StepScheduler;
  readonly cost: StepCostModel;
  readonly log: StepLog;
  readonly frontEnd: FrontEnd<OutputToSend> | undefined;
  readonly inFlight: StepsInFlight;
  readonly clocks: EngineClocks;
  readonly sink: TokenSink;
}

/** Rounds of a closed form to take at once, and what the GPU does in them. */
export interface Jump {
  readonly form: DecodeRun;
  readonly rounds: number;
  readonly requests: number;
  readonly contextTokens: number;
  readonly law: DecodeLaw;
}

export class DecodeJumps {
  /** Host times of a round of decodes, by requests. */
  private readonly roundTimes: RoundTimes[] = [];

  constructor(private readonly parts: EngineParts) {}

  /** The jump that can start with the round at `startNs`, no request waiting to be taken: at least two rounds, all starting before `limitNs`. */
  from(startNs: number, limitNs: number, quietNs: number): Jump | undefined {
    const { scheduler, cost, inFlight, frontEnd, clocks } = this.parts;
    if (inFlight.length !== scheduler.depth - 1) return undefined;
    const possible = scheduler.decodeRun();
    if (possible < 2) return undefined;
    const requests = scheduler.runningRequests;
    const { contextTokens } = scheduler;
    const law = cost.decodeLaw(requests, contextTokens);
    const times = (this.roundTimes[requests] ??= roundTimes(cost, requests));
    const form =
      scheduler.depth === 1
        ? synchronousRun(startNs, times, law)
        : asynchronousRun(startNs, inFlight.oldestEndNs, times, law);
    if (form === undefined) return undefined;
    let rounds = Math.min(possible, form.rounds);
    if (frontEnd === undefined) {
      rounds = roundsStartingBefore(form, limitNs, rounds);
    } else {
      // While first chunks are still to be written, gaps differ from request to request.
      if (clocks.firstsOutNs > clocks.deliveredNs) return undefined;
      // An output is sent as the next round starts; it must be there before a request can be.
      if (form.secondNs > quietNs || !frontEnd.isFreeBy(form.secondNs)) return undefined;
      if (frontEnd.decodesNs(requests).ns > form.periodNs) return undefined;
      rounds = Math.max(1, roundsStartingBefore(form, quietNs + 1, rounds + 1) - 1);
    }
    return rounds < 2 ? undefined : { form, rounds, requests, contextTokens, law };
  }

  take({ form, rounds, requests, contextTokens, law }: Jump): void {
    const { scheduler, cost, log, frontEnd, inFlight, clocks, sink } = this.parts;
    frontEnd?.endOutput();
    const output = frontEnd === undefined ? { ns: 0, restNs: 0 } : frontEnd.decodesNs(requests);
    const outputNs = output.ns - output.restNs;
    scheduler.skip(rounds, inFlight.oldest);
    cost.rangeUse?.decodes(requests, contextTokens, rounds, law);
    const { scheduleNs, launchNs, updateNs } = this.roundTimes[requests]!;
    clocks.hostBusyNs += rounds * (scheduleNs + launchNs + updateNs);
    clocks.steps += rounds;
    clocks.jumpedSteps += rounds;
    clocks.busyNs += rounds * law.firstNs + (law.incrementNs * rounds * (rounds - 1)) / 2;
    const firstGapNs = form.secondNs + outputNs - clocks.deliveredNs;
    if (firstGapNs === form.periodNs - form.growthNs) {
      log.steadyRun(requests, firstGapNs, form.growthNs, rounds);
    } else {
      log.steadyTokens(requests, firstGapNs);
      log.steadyRun(requests, form.periodNs, form.growthNs, rounds - 1);
    }
    clocks.hostNs = startOfRound(form, rounds + 1);
    clocks.gpuEndNs = gpuEndOfRound(form, rounds);
    if (inFlight.length > 0) inFlight.endsAt(clocks.gpuEndNs);
    clocks.deliveredNs = clocks.hostNs + outputNs;
    frontEnd?.skipTo(clocks.hostNs + output.ns, rounds * output.ns);
    scheduler.deliverRun(clocks.deliveredNs, sink);
  }
}

function roundTimes({ host }: StepCostModel, requests: number): RoundTimes {
  const step = decodesOf(requests);
  const launchNs = host.launchNs(step, 0);
  return {
    scheduleNs: host.scheduleNs(step, 0),
    launchNs,
    leadNs: host.leadNs(step, launchNs),
    copyNs: host.copyNs,
    updateNs: host.updateNs(requests, 0) + host.sendNs,
  };
}

/** A step that decodes so many requests, for costs that do not depend on their context. */
export function decodesOf(requests: number): StepShape {
  return {
    scheduledRequests: requests,
    scheduledTokens: requests,
    decodeRequests: requests,
    decodeContextTokens: 0,
    prefillRequests: 0,
    prefillTokens: 0,
    prefillContextTokens: 0,
    prefillAttentionPairs: 0,
  };
}
