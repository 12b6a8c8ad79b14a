/** A recorded run's requests and engine outputs sent through a model of the front end: what it would have done with them. */
import type { RequestRecord } from "../../../formats/index.js";
import { FrontEnd, type FrontEndCost } from "../../../sim/index.js";
import type { RecordedOutput } from "../recording/index.js";

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
