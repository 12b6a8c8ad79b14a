/** A recording's requests and outputs through a front end of trial costs, at the pace that its host had. */
import { frontEndAtPace, jitterFactors, meanFactors, VllmFrontEndCost } from "../../../sim/index.js";
import type { RecordedTraffic } from "../recording/index.js";
import type { DeliveryLog } from "./delivery-log.js";
import type { FittedFrontEnd, FrontEndCosts } from "./front-end-parameters.js";
import { replayFrontEnd, type FrontEndReplay } from "./replay-front-end.js";

/** At mean times. `sendNs`: from the end of an update until its output is at the front end. */
export function replayMeans(log: DeliveryLog, costs: FrontEndCosts, sendNs: number): FrontEndReplay {
  return replay(log, { costs, sendNs, factors: meanFactors(undefined, log.paceAt) });
}

/** With times that vary; the same `draw` has the same chance. */
export function replayDraw(
  log: DeliveryLog,
  { frontEnd, jitter }: FittedFrontEnd,
  { sendNs, draw }: { readonly sendNs: number; readonly draw: number },
): FrontEndReplay {
  const varies = { ...jitter, host_states: [], run_spread: 0 };
  return replay(log, {
    costs: frontEnd,
    sendNs,
    factors: jitterFactors(varies, `fit/front-end/${draw}`, log.paceAt),
  });
}

interface Trial {
  readonly costs: FrontEndCosts;
  readonly sendNs: number;
  readonly factors: ReturnType<typeof meanFactors>;
}

function replay({ requests, traffic, runPace }: DeliveryLog, { costs, sendNs, factors }: Trial): FrontEndReplay {
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
