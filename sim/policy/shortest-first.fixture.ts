/** shortest-first: whenever the machine is free, run the waiting requests with the shortest answers as one batch. */
import { z } from "zod";
import { greatest } from "../../formats/index.js";
import type { Policy, PolicyRequest } from "./policy.js";

export const shortestFirstSettings = z.strictObject({
  batch_size: z.int().positive().default(8).describe("most requests in a batch"),
});

export function createShortestFirst({ batch_size: limit }: z.output<typeof shortestFirstSettings>): Policy {
  const waiting: PolicyRequest[] = [];
  let batches = 0;
  return {
    isFifo: false,
    maxIdleNs: 0,
    arrived: (request) => {
      waiting.push(request);
      return undefined;
    },
    decide: () => {
      if (waiting.length === 0) return { kind: "wait", untilNs: Infinity };
      const requests = waiting.sort((a, b) => a.outputTokens - b.outputTokens).splice(0, limit);
      return {
        kind: "batch",
        id: ++batches,
        requests,
        limit,
        promptTokens: greatest(requests.map(({ promptTokens }) => promptTokens)),
        outputTokens: greatest(requests.map(({ outputTokens }) => outputTokens)),
        reason: requests.length === limit ? "full" : "timeout",
      };
    },
    finished: ({ requests }) => requests,
  };
}
