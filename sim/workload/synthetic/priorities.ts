/** Priorities in given shares, drawn request by request from their own stream. */
import { ConfigError } from "../../../formats/index.js";
import { stream } from "../../kernel/index.js";

/** A priority for each next request, of shares written `0:0.9,1:0.1`; the weights need not sum to 1. */
export function drawPriorities(shares: string, seed: string): () => number {
  const pairs = shares.split(",").map((pair) => pair.split(":").map(Number) as [priority: number, weight: number]);
  let total = 0;
  const upTo = pairs.map(([, weight]) => (total += weight));
  const isValid = pairs.every(([priority, weight]) => Number.isSafeInteger(priority) && weight >= 0);
  if (!isValid || !(total > 0 && total < Infinity)) {
    const shown = shares.length > 60 ? `${shares.slice(0, 57)}...` : shares;
    throw new ConfigError(`priorities are "${shown}", expected priority:weight pairs such as 0:0.9,1:0.1`);
  }
  const random = stream(`${seed}/0/priorities`);
  const last = pairs.findLastIndex(([, weight]) => weight > 0);
  return () => {
    const at = random() * total;
    let [low, high] = [0, last];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (at < upTo[middle]!) high = middle;
      else low = middle + 1;
    }
    return pairs[low]![0];
  };
}
