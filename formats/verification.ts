/** An answer checked on a real machine: each load predicted beside measured, and whether the answer was right. */
import { z } from "zod";

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
  x: z.number().positive().describe("of what the answer is about: requests/s or clients"),
  requests: z.int().positive(),
  predicted: goalVerdict.describe("safe: the goals hold on 9 of 10 days; no: on hardly any; knee: on some"),
  measured: z.enum(["met", "missed"]),
  worst: z
    .strictObject({ name: z.string(), value: z.number(), limit: z.number() })
    .describe("the measured goal that is farthest beyond its limit, or nearest to it"),
  verdict: z.enum(["agrees", "differs", "cannot tell"]).describe("a load at the knee decides nothing"),
  statistics: z.array(statistic),
  run: z.string().nullable().describe("folder of the real run, from the folder of this file"),
});

export const verificationSchema = z.strictObject({
  version: z.literal(VERIFICATION_VERSION),
  question: z.string(),
  goal: z.string(),
  value: z.number().nullable(),
  unit: z.string(),
  interval: interval.nullable(),
  tolerance: z.number().positive().describe("largest relative error of a statistic that counts as agreement"),
  loads: z.array(load).min(1),
  verdict: z
    .enum(["right", "wrong", "cannot tell"])
    .describe("right: a load below the answer met the goals and one above it missed them, and none did otherwise"),
  notes: z.array(z.string()),
});

export type Verification = z.output<typeof verificationSchema>;
export type VerifiedLoad = z.output<typeof load>;
