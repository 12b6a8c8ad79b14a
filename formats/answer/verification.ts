/** An answer checked on a real machine: each load predicted beside measured, and whether the answer was right. */
import { z } from "zod";
import { count, optional, positive } from "../kinds.js";

export const VERIFICATION_VERSION = 1;

const goalVerdict = z.enum(["safe", "knee", "no"]);
const interval = z.strictObject({ low: z.number(), high: z.number() });

const statistic = z.strictObject({
  statistic: z.string(),
  predicted: z.number(),
  interval: interval.nullable().describe("holds 9 of 10 runs"),
  measured: z.number(),
  error: z.number().describe("predicted over measured, less 1"),
  verdict: z.enum(["agrees", "differs", "cannot tell"]),
});

const load = z.strictObject({
  what: z.string().describe("the load in words: at 12 requests/s, before the change, one of 3 replicas"),
  x: positive.nullable().describe("of what the answer varies: requests/s, clients or replicas; null: nothing"),
  requests: count,
  predicted: goalVerdict
    .nullable()
    .describe("safe: the goals hold on 9 of 10 days; no: on hardly any; knee: on some; null: there are no goals"),
  measured: z.enum(["met", "missed"]).nullable(),
  worst: z
    .strictObject({ name: z.string(), value: z.number(), limit: z.number() })
    .nullable()
    .describe("the measured goal that is farthest beyond its limit, or nearest to it"),
  verdict: z
    .enum(["agrees", "differs", "cannot tell"])
    .describe(
      "of the goals, or without goals of the statistic that the answer is about; a load at the knee decides nothing",
    ),
  statistics: z.array(statistic),
  run: z.string().nullable().describe("folder of the real run, from the folder of this file"),
});

const difference = z.strictObject({
  statistic: z.string(),
  promised: z
    .enum(["better", "worse", "same", "unclear"])
    .nullable()
    .describe("by the answer; null: it says nothing of it"),
  predicted: z.number().describe("after less before, of runs as long as the real ones"),
  interval: interval.nullable().describe("holds 9 of 10 pairs of runs"),
  measured: z.number(),
  error: z.number().describe("predicted less measured, as a fraction of what was measured before"),
  verdict: z.enum(["agrees", "differs", "cannot tell"]),
});

export const verificationSchema = z.strictObject({
  version: z.literal(VERIFICATION_VERSION),
  question: z.string(),
  goal: z.string(),
  value: z.number().nullable(),
  unit: z.string(),
  interval: interval.nullable(),
  tolerance: positive.describe("largest relative error of a statistic that counts as agreement"),
  loads: z.array(load).min(1),
  differences: optional(z.array(difference), "of an answer about two settings or loads: one measured beside the other"),
  verdict: z
    .enum(["right", "wrong", "cannot tell"])
    .describe(
      "right: a load below the answer met the goals and one above it missed them, and none did otherwise; of a change, " +
        "settings and an explanation: what was measured agrees with what they say",
    ),
  notes: z.array(z.string()),
});

export type Verification = z.output<typeof verificationSchema>;
export type VerifiedLoad = z.output<typeof load>;
export type VerifiedDifference = z.output<typeof difference>;
export type VerifiedStatistic = z.output<typeof statistic>;
