/**
 * dynamic: as naive, with a batch size that follows memory. After each batch, a peak at or above the threshold shrinks
 * it by one (not below the minimum), a peak below grows it by two (not above the maximum). `sla` bounds the wait.
 */
import { z } from "zod";
import { BatchCollector, secondsToNs } from "./batch-collector.js";
import type { Policy } from "./policy.js";

export const dynamicSettings = z
  .strictObject({
    batch_size: z.int().positive().default(8).describe("initial batch size"),
    min_batch_size: z.int().positive().default(4).describe("smallest batch size"),
    max_batch_size: z.int().positive().default(32).describe("largest batch size"),
    timeout_s: z.number().nonnegative().max(1e6).default(0.5).describe("longest time to collect a batch, s"),
    max_time_wait_s: z.number().nonnegative().max(1e6).default(2).describe("SLA: longest wait of a request, s"),
    memory_threshold: z
      .number()
      .positive()
      .max(1)
      .default(0.8)
      .describe("fraction of memory at which the batch size shrinks"),
    sla: z
      .enum(["deadline", "reference"])
      .default("deadline")
      .describe("deadline: a timer; reference: the original suite's rule"),
  })
  .refine((s) => s.min_batch_size <= s.max_batch_size, {
    message: "expected min_batch_size to be at most max_batch_size",
    path: ["min_batch_size"],
  });

export function createDynamic(settings: z.output<typeof dynamicSettings>): Policy {
  const sla = { mode: settings.sla, maxWaitNs: secondsToNs(settings.max_time_wait_s) };
  const collector = new BatchCollector(secondsToNs(settings.timeout_s), sla);
  let size = settings.batch_size;
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
    decide: (nowNs) => collector.collect(nowNs, Math.min(size, settings.max_batch_size)),
    finished: (work, nowNs, feedback) => {
      size =
        feedback.memoryFraction >= settings.memory_threshold
          ? Math.max(settings.min_batch_size, size - 1)
          : Math.min(size + 2, settings.max_batch_size);
      collector.reopen(nowNs);
      return work.requests;
    },
  };
}
