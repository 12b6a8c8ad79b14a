/** naive: static batches of a fixed size, first in first out; a batch leaves when it is full or the timeout is over. */
import { z } from "zod";
import { BatchCollector, secondsToNs } from "./batch-collector.js";
import type { Policy } from "./policy.js";

export const naiveSettings = z.strictObject({
  batch_size: z.int().positive().default(4).describe("requests per batch"),
  timeout_s: z.number().nonnegative().max(1e6).default(0.5).describe("longest time to collect a batch, s"),
});

export function createNaive(settings: z.output<typeof naiveSettings>): Policy {
  const collector = new BatchCollector(secondsToNs(settings.timeout_s));
  return {
    isFifo: true,
    maxIdleNs: collector.maxIdleNs,
    arrived: (request) => {
      collector.arrived(request);
      return undefined;
    },
    withdrawn: (index) => {
      collector.withdrawn(index);
    },
    decide: (nowNs) => collector.collect(nowNs, settings.batch_size),
    finished: (work, nowNs) => {
      collector.reopen(nowNs);
      return work.requests;
    },
  };
}
