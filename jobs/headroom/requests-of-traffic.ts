/**
 * Requests like those that a server reported: lengths drawn from its histograms, prompts and outputs independently, with the
 * exact means; the share found in the prefix cache is a prefix that all share.
 */
import type { WorkloadRequest } from "../../formats/index.js";
import type { Histogram, Traffic } from "../../real/vllm/server/index.js";
import { shuffled, stream } from "../../sim/index.js";

/** As fine as buckets are, and more than any run repeats often. */
const COUNT = 5000;
/** A smaller share of cached tokens is chance. */
const LEAST_CACHED = 0.01;

export interface TrafficRequests {
  readonly requests: readonly WorkloadRequest[];
  /** Requests that were cut to what the model can hold. */
  readonly cut: number;
}

/** `mostTokens`: of prompt and output together. */
export function requestsOfTraffic(traffic: Traffic, mostTokens: number, seed: string): TrafficRequests {
  const prompts = shuffled(lengthsOf(traffic.promptTokens), stream(`${seed}/traffic/prompts`));
  const outputs = shuffled(lengthsOf(traffic.outputTokens), stream(`${seed}/traffic/outputs`));
  const { cachedShare = 0 } = traffic;
  let cut = 0;
  const requests = prompts.map((drawn, index): WorkloadRequest => {
    const promptTokens = Math.min(drawn, mostTokens - 1);
    const outputTokens = Math.min(outputs[index]!, mostTokens - promptTokens);
    if (promptTokens < drawn || outputTokens < outputs[index]!) cut++;
    const shared = cachedShare < LEAST_CACHED ? 0 : Math.min(promptTokens - 1, Math.round(cachedShare * promptTokens));
    const own = { id: String(index), promptTokens, outputTokens };
    if (shared === 0) return own;
    return {
      ...own,
      content: [
        [0, shared],
        [index + 1, promptTokens - shared],
      ],
    };
  });
  return { requests, cut };
}

/** Evenly over the histogram, linear within its buckets, then stretched to its exact mean. */
function lengthsOf({ bounds, cumulative, sum }: Histogram): number[] {
  const count = cumulative.at(-1)!;
  const drawn = Array.from({ length: COUNT }, (_, index) => {
    const rank = ((index + 0.5) / COUNT) * count;
    const at = cumulative.findIndex((upTo) => upTo >= rank);
    const [above, below] = [at === 0 ? 0 : bounds[at - 1]!, at === 0 ? 0 : cumulative[at - 1]!];
    const bound = bounds[at]!;
    if (bound === Infinity) return above;
    return above + ((bound - above) * (rank - below)) / (cumulative[at]! - below);
  });
  const middle = drawn.reduce((total, length) => total + length, 0) / COUNT;
  const stretch = middle === 0 ? 1 : sum / count / middle;
  return drawn.map((length) => Math.max(1, Math.round(stretch * length)));
}
