/** A recorded run's requests and engine outputs sent through a model of the front end: what it would have done with them. */
import type { RequestRecord } from "../../../formats/index.js";
import {
  FrontEnd,
  frontEndAtPace,
  jitterFactors,
  meanFactors,
  VllmFrontEndCost,
  type FrontEndCost,
} from "../../../sim/index.js";
import type { RecordedOutput, RecordedTraffic } from "../recording/index.js";
import type { DeliveryLog } from "./delivery-log.js";
import type { FittedFrontEnd, FrontEndCosts } from "./front-end-parameters.js";

export interface FrontEndReplay {
  /** When each request would be ready for the engine, ns. */
  readonly readyNs: Float64Array;
  /** When each output would be at its clients, ns; first chunks of new requests are later. */
  readonly deliveredNs: Float64Array;
  readonly firstsNs: Float64Array;
}

interface Numbered extends RecordedOutput {
  readonly number: number;
}

/** `sendNs`: from the end of an update until the output is at the front end. */
export function replayFrontEnd(
  requests: readonly RequestRecord[],
  outputs: readonly RecordedOutput[],
  cost: FrontEndCost,
  sendNs: number,
): FrontEndReplay {
  const readyNs = new Float64Array(requests.length).fill(NaN);
  const deliveredNs = new Float64Array(outputs.length).fill(NaN);
  const firstsNs = new Float64Array(outputs.length).fill(NaN);
  const promptTokens = Int32Array.from(requests, (request) => request.promptTokens);
  const frontEnd = new FrontEnd<Numbered>(cost, promptTokens, {
    requestReady: (index, _, atNs) => {
      readyNs[index] = atNs;
    },
    delivered: ({ number }, atNs, firstLateNs) => {
      deliveredNs[number] = atNs + cost.deliveryNs;
      firstsNs[number] = atNs + firstLateNs + cost.deliveryNs;
    },
  });
  const order = requests.map((_, index) => index).sort((a, b) => sentNs(requests[a]!) - sentNs(requests[b]!));
  for (const index of order) frontEnd.arrive(index, sentNs(requests[index]!) + cost.acceptNs);
  outputs.forEach((output, number) => {
    frontEnd.send({ ...output, number }, output.updatedNs + sendNs);
  });
  while (frontEnd.runUntil(Number.MAX_SAFE_INTEGER)) continue;
  return { readyNs, deliveredNs, firstsNs };
}

function sentNs({ sentNs: at, arrivalNs }: RequestRecord): number {
  return at ?? arrivalNs;
}

/** At mean times. `sendNs`: from the end of an update until its output is at the front end. */
export function replayMeans(log: DeliveryLog, costs: FrontEndCosts, sendNs: number): FrontEndReplay {
  return replay(log, costs, sendNs, meanFactors(undefined, log.paceAt));
}

/** With times that vary; the same `draw` has the same chance. */
export function replayDraw(
  log: DeliveryLog,
  { frontEnd, jitter }: FittedFrontEnd,
  sendNs: number,
  draw: number,
): FrontEndReplay {
  const varies = { ...jitter, host_states: [], run_spread: 0 };
  return replay(log, frontEnd, sendNs, jitterFactors(varies, `fit/front-end/${draw}`, log.paceAt));
}

/** At the pace that the recording's host had. */
function replay(
  { requests, traffic, runPace }: DeliveryLog,
  costs: FrontEndCosts,
  sendNs: number,
  factors: ReturnType<typeof meanFactors>,
): FrontEndReplay {
  const cost = new VllmFrontEndCost(frontEndAtPace(costs, runPace), factors);
  return replayFrontEnd(requests, traffic.outputs, cost, runPace * sendNs);
}

/** Outputs that went out with the one before: their tokens came in its chunks, but those of new requests. */
export function mergedIn({ deliveredNs }: FrontEndReplay, { outputs }: RecordedTraffic): number {
  let [merged, tokens] = [0, 0];
  outputs.forEach((output, at) => {
    tokens += output.tokens;
    if (at > 0 && deliveredNs[at] === deliveredNs[at - 1]) merged += output.tokens - output.firstTokens;
  });
  return merged / tokens;
}

/** What no count of merged tokens tells apart from none. */
export const MIN_MERGED = 0.01;
