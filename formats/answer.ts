/** An answer: a question about a deployment, the value with its interval, what it rests on and how to check it. */
import { z } from "zod";

export const ANSWER_VERSION = 1;

export const questionNames = ["capacity", "size", "whatif", "tune", "explain", "headroom"] as const;

/**
 * safe: at or below the interval; knee: within it, so that it holds on some days and not on others; no: above it. met and
 * cannot_be_met: of a goal without a load of its own. better, worse, same: of a change; unclear: the interval holds zero.
 * explained: says where time went, and judges nothing.
 */
export const answerVerdicts = [
  "safe",
  "knee",
  "no",
  "met",
  "cannot_be_met",
  "better",
  "worse",
  "same",
  "unclear",
  "explained",
] as const;
export type AnswerVerdict = (typeof answerVerdicts)[number];

const value = z.number().nullable();
const goalVerdict = z.enum(["safe", "knee", "no"]);
const interval = z.strictObject({ low: z.number(), high: z.number() });
const scalar = z.union([z.number(), z.string(), z.boolean(), z.null()]);

const evidence = z.strictObject({
  varied: z.record(z.string(), scalar).describe("what this point differs in from the others"),
  statistics: z.record(z.string(), value).describe("means over the replications; times in ms, rates per second"),
  intervals: z.record(z.string(), interval).describe("the interval that 9 of 10 runs fall into, by statistic"),
  replications: z.int().positive(),
});

const cost = z.strictObject({
  price_per_hour: z.number().positive().nullable().describe("of one replica"),
  replicas: z.int().positive(),
  per_million_tokens: value.describe("prompt and output tokens together"),
  per_million_output_tokens: value,
  per_request: value,
  joules_per_output_token: value,
  watt_hours_per_request: value,
});

const difference = z.strictObject({
  statistic: z.string(),
  before: z.number(),
  after: z.number(),
  difference: z.number().describe("after less before, mean of days that share their random numbers"),
  interval: interval.nullable().describe("holds the mean difference with 90 % confidence"),
  of_a_day: interval.nullable().describe("holds the difference of 9 of 10 days"),
  verdict: z.enum(["better", "worse", "same", "unclear"]),
});

const parts = z.strictObject({
  statistic: z.string(),
  value: z.number().describe("ms, mean over the days"),
  interval: interval.nullable().describe("holds it on 9 of 10 days"),
  parts: z.record(z.string(), z.number()).describe("ms by part; they add up to the value"),
  beside: value.describe("requests that decoded together while its requests decoded, by time"),
});

const counterfactual = z.strictObject({
  change: z.string(),
  away: z.string().describe("the part whose cause it takes away, or eases"),
  differences: z.array(difference),
});

export const answerSchema = z.strictObject({
  version: z.literal(ANSWER_VERSION),
  question: z.strictObject({
    name: z.enum(questionNames),
    goal: z.string().describe("the latency goals in words"),
    asked: z.record(z.string(), z.unknown()).describe("policy, settings, profile and load, as far as given"),
  }),
  value,
  unit: z.string(),
  interval: interval.nullable().describe("holds the value on 9 of 10 days: seeds, pace of the host, calibration"),
  spread: z
    .strictObject({ from_seed: value, from_run: value, from_calibration: value })
    .nullable()
    .describe("standard deviation of the value by cause, in its unit; null: not told"),
  verdict: z.enum(answerVerdicts),
  at_rate: z
    .strictObject({ rate: z.number().positive(), head_room: z.number(), interval })
    .optional()
    .describe("the load that was asked about; head-room: the value over it, less 1"),
  observed: z
    .record(z.string(), value)
    .optional()
    .describe("of a live server: rate per second, tokens per request, shares, requests at once, ms"),
  differences: z.array(difference).optional().describe("of a change: each statistic before and after"),
  parts: z.array(parts).optional().describe("of an explanation: where the time of each statistic went"),
  counterfactuals: z.array(counterfactual).optional().describe("the same days with one thing changed"),
  goal_verdicts: z
    .strictObject({ before: goalVerdict, after: goalVerdict })
    .optional()
    .describe("of a change, where latency goals are given: whether they hold"),
  binds: z.strictObject({ slo: z.string().nullable(), resource: z.string().nullable() }),
  next_best: z
    .strictObject({ change: z.string(), value, unit: z.string() })
    .nullable()
    .describe("what would help most, and the value with it"),
  extrapolated_share: z.number().min(0).max(1).describe("share of the time in steps beyond what the profile measured"),
  nearest_measured: z
    .strictObject({
      recording: z.string(),
      statistic: z.string(),
      measured: z.number(),
      here: z.number(),
      error: z.number().describe("of the simulation of that recording"),
    })
    .nullable()
    .describe("the recorded run, kept out of the fit, that is most like the load at the value"),
  evidence: z.array(evidence),
  cost: cost.nullable(),
  commands: z.strictObject({ reproduce: z.string(), check: z.string().nullable() }),
  notes: z.array(z.string()),
});

export type Answer = z.output<typeof answerSchema>;
export type AnswerEvidence = z.output<typeof evidence>;
export type AnswerDifference = z.output<typeof difference>;
export type AnswerParts = z.output<typeof parts>;
export type AnswerCounterfactual = z.output<typeof counterfactual>;
export type AnswerCost = z.output<typeof cost>;
export type AnswerInterval = z.output<typeof interval>;
