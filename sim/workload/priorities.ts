/** Priorities in given shares, drawn request by request from their own stream. */
import { ConfigError } from "../../formats/index.js";
import { stream } from "../kernel/index.js";

/** A priority for each next request, of shares written `0:0.9,1:0.1`; the weights need not sum to 1. */
export function drawPriorities(shares: string, seed: string): () => number {
  const pairs = shares.split(",").map((pair) => pair.split(":").map(Number) as [priority: number, weight: number]);
  const total = pairs.reduce((sum, [, weight]) => sum + weight, 0);
  const isValid = pairs.every(([priority, weight]) => Number.isSafeInteger(priority) && weight >= 0);
  if (!isValid || !(total > 0 && total < Infinity)) {
    throw new ConfigError(`priorities are "${shares}", expected priority:weight pairs such as 0:0.9,1:0.1`);
  }
  const random = stream(`${seed}/0/priorities`);
  return () => {
    let left = random() * total;
    for (const [priority, weight] of pairs) {
      if (left < weight) return priority;
      left -= weight;
    }
    return pairs.findLast(([, weight]) => weight > 0)![0];
  };
}
