/** One line of finished.jsonl: a request, a batch or a step that has ended. */
import { z } from "zod";
import { requestStatuses } from "../run.js";

const ns = z.number();
const tokens = z.int().nonnegative();
export const logLine = z.union([
  z.strictObject({
    request: z.strictObject({
      requestId: z.string(),
      arrivalNs: ns,
      sentNs: ns.optional(),
      scheduledNs: ns.optional(),
      firstTokenNs: ns.optional(),
      lastTokenNs: ns.optional(),
      promptTokens: tokens,
      cachedTokens: tokens.optional(),
      outputTokens: tokens,
      batchId: tokens.optional(),
      batchSize: tokens.optional(),
      preemptions: tokens.optional(),
      status: z.enum(requestStatuses),
      error: z.string().optional(),
      extra: z.record(z.string(), z.string()).optional(),
    }),
  }),
  z.strictObject({
    batch: z.strictObject({
      batchId: tokens,
      startNs: ns,
      firstTokenNs: ns,
      endNs: ns,
      size: tokens,
      limit: tokens,
      promptTokens: tokens,
      outputTokens: tokens,
      peakBytes: tokens.optional(),
      reason: z.string().optional(),
    }),
  }),
  z.strictObject({
    step: z.strictObject({
      step: tokens,
      scheduleStartNs: ns,
      scheduleEndNs: ns,
      updateStartNs: ns.optional(),
      updateEndNs: ns.optional(),
      scheduledRequests: tokens,
      scheduledTokens: tokens,
      decodeRequests: tokens,
      decodeContextTokens: tokens,
      prefillRequests: tokens,
      prefillTokens: tokens,
      contextTokens: tokens,
      prefillAttentionPairs: tokens,
      samplingRequests: tokens,
      preempted: tokens,
      running: tokens,
      waiting: tokens,
      waitingBefore: tokens,
      freeBlocks: tokens,
      prefillChunks: z.string(),
      preemptedIds: z.string(),
      computeStartNs: ns.optional(),
      computeEndNs: ns.optional(),
      runtimeNs: ns.optional(),
      slotCopies: tokens.optional(),
    }),
  }),
]);
