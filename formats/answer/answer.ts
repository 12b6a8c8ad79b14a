/** An answer: a question about a deployment, the value with its interval, what it rests on and how to check it. */
import { z } from "zod";
import { count, optional, whole } from "../kinds.js";
import { autoscaleSignals } from "./autoscale.js";

export const ANSWER_VERSION = 1;

export const questionNames = ["capacity", "size", "whatif", "tune", "explain", "headroom"] as const;

/**
 * safe: at or below the interval; knee: within it, so that it holds on some days and not on others; no: above it. met
 * and cannot_be_met: of a goal without a load of its own. better, worse, same: of a change; unclear: the interval holds
 * zero. explained: says where time went, and judges nothing.
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

/** No figure of an answer is larger; sums and ratios of larger ones could be beyond what a number holds, and no chart draws them. */
const MAX_FIGURE = 1e15;
const number = z.number().min(-MAX_FIGURE).max(MAX_FIGURE);
const value = number.nullable();
const goalVerdict = z.enum(["safe", "knee", "no"]);
const interval = z.strictObject({ low: number, high: number });
const scalar = z.union([number, z.string(), z.boolean(), z.null()]);

const evidence = z.strictObject({
  varied: z.record(z.string(), scalar).describe("what sets this point apart from the others"),
  statistics: z.record(z.string(), value).describe("means over the replications; times in ms, rates per second"),
  intervals: z.record(z.string(), interval).describe("the interval that 9 of 10 runs fall into, by statistic"),
  replications: count,
});

const cost = z.strictObject({
  price_per_hour: number.positive().nullable().describe("of one replica"),
  replicas: count,
  per_million_tokens: value.describe("prompt and output tokens together"),
  per_million_output_tokens: value,
  per_request: value,
  joules_per_output_token: value,
  watt_hours_per_request: value,
});

const difference = z.strictObject({
  statistic: z.string(),
  before: number,
  after: number,
  difference: number.describe("after less before, mean of days that share their random numbers"),
  interval: interval.nullable().describe("holds the mean difference with 90 % confidence"),
  of_a_day: interval.nullable().describe("holds the difference of 9 of 10 days"),
  verdict: z.enum(["better", "worse", "same", "unclear"]),
});

const parts = z.strictObject({
  statistic: z.string(),
  value: number.describe("ms, mean over the days"),
  interval: interval.nullable().describe("holds it on 9 of 10 days"),
  parts: z.record(z.string(), number).describe("ms by part; they add up to the value"),
  beside: value.describe("requests that decoded together while its requests decoded, by time"),
});

const counterfactual = z.strictObject({
  change: z.string(),
  away: z.string().describe("the part whose cause it removes or eases"),
  differences: z.array(difference),
});

const fewest = count.nullable();

const ranged = z.strictObject({ value: number, low: number, high: number });

const autoscale = z.strictObject({
  plan: z.strictObject({
    signal: z.enum(autoscaleSignals),
    target: number.positive(),
    startup_s: number,
    interval_s: number,
    scale_down_delay_s: number,
    min: count,
    max: count,
    initial: count,
  }),
  verdict: z
    .enum(["met", "knee", "no"])
    .describe("met: the goals hold in 9 of 10 replications; no: in 1 of 10 at most"),
  met_share: number.min(0).max(1),
  attainment: ranged.describe("share of the requests within the limits of percentiles and of goodput"),
  minutes: whole,
  minutes_outside: ranged.describe("minutes whose requests miss a goal"),
  replica_hours: ranged.describe("from launch to stop"),
  mean_replicas: number,
  peak_replicas: whole,
  statistics: z.record(z.string(), number).describe("means over the replications of what is limited, ms"),
  timeline: z
    .array(z.strictObject({ at_s: number, serving: z.int(), starting: z.int(), draining: z.int() }))
    .describe("replicas in the first replication, from each moment on"),
});

const sizing = z.strictObject({
  by_router: z
    .array(z.strictObject({ router: z.string(), value: fewest, low: fewest, high: fewest }))
    .describe("fewest replicas by router, the chosen one first; null: more than were tried"),
  tried: count.describe("the most replicas that were tried"),
  trace: optional(
    z.strictObject({
      window_s: number.positive(),
      windows: z.array(
        z.strictObject({
          start_s: number,
          end_s: number,
          requests: whole,
          replicas: whole.nullable(),
        }),
      ),
      fixed_replica_hours: number,
      ideal_replica_hours: value.describe("of each window's fewest"),
    }),
    "fewest replicas window by window, of loads that are traces",
  ),
  autoscale: optional(autoscale, "the load under a reactive autoscaler"),
});

const changes = z.record(z.string(), scalar);
const relative = interval.extend({ value: number }).nullable().describe("null: only one of the two meets the limits");

const tuning = z.strictObject({
  command: z.string().describe("the changed settings alone, ready to be pasted"),
  changes,
  base: z.strictObject({
    value: number.describe("with the settings as they are"),
    difference: relative.describe("from the best, as a fraction of it; in pairs on the same random numbers, at 95 %"),
  }),
  front: z
    .array(
      z.strictObject({
        changes,
        value: number,
        interval: interval.nullable(),
        beside: z.strictObject({ statistic: z.string(), value: number }).nullable(),
        extrapolated_share: number,
        is_beyond_calibration: z.boolean(),
      }),
    )
    .describe("settings that no others are better than in both the goal and the statistic beside it"),
  sensitivity: z.array(
    z.strictObject({
      setting: z.string(),
      best: scalar,
      matters: z.boolean(),
      others: z.array(z.strictObject({ value: scalar, differs: z.boolean(), difference: relative })),
    }),
  ),
  tried: count.describe("combinations of settings"),
});

/** Of what was asked, where it is there: what pages, charts and checks of an answer read. */
const askedShape = z.looseObject({
  policy: z.string().optional(),
  profile: z.string().optional(),
  run: z.string().optional(),
  vary: z.string().optional(),
  load: z.record(z.string(), z.unknown()).optional(),
  goals: z
    .looseObject({
      slos: z.array(z.looseObject({ name: z.string(), metric: z.string().optional(), limitMs: number })),
    })
    .optional(),
  changes: z.array(z.string()).optional(),
});

export const answerSchema = z.strictObject({
  version: z.literal(ANSWER_VERSION),
  question: z.strictObject({
    name: z.enum(questionNames),
    goal: z.string().describe("the latency goals in words"),
    asked: z
      .record(z.string(), z.unknown())
      .check(({ value: asked, issues }) => {
        const { error } = askedShape.safeParse(asked);
        for (const { message, path } of error?.issues ?? [])
          issues.push({ code: "custom", message, path, input: asked });
      })
      .describe("policy, settings, profile and load, as far as given"),
  }),
  value,
  unit: z.string(),
  interval: interval.nullable().describe("holds the value on 9 of 10 days: seeds, pace of the host, calibration"),
  spread: z
    .strictObject({ from_seed: value, from_run: value, from_calibration: value })
    .nullable()
    .describe("standard deviation of the value by cause, in its unit; null: not known"),
  verdict: z.enum(answerVerdicts),
  at_rate: optional(
    z.strictObject({ rate: number.positive(), head_room: number, interval }),
    "a load and its head-room: how much it may grow within the goals, as a fraction of it",
  ),
  turns_per_s: optional(
    z.strictObject({ value: number, interval: interval.nullable() }),
    "of a load of sessions at the value: turns, which are requests, per second, on 9 of 10 days",
  ),
  observed: optional(
    z.record(z.string(), value),
    "of a live server: rate per second, tokens per request, shares, requests at once, ms",
  ),
  differences: optional(z.array(difference), "of a change: each statistic before and after"),
  parts: optional(z.array(parts), "of an explanation: where the time of each statistic went"),
  counterfactuals: optional(z.array(counterfactual), "the same days with one thing changed"),
  goal_verdicts: optional(
    z.strictObject({ before: goalVerdict, after: goalVerdict }),
    "of a change, where latency goals are given: whether they hold",
  ),
  binds: z.strictObject({ slo: z.string().nullable(), resource: z.string().nullable() }),
  next_best: z
    .strictObject({ change: z.string(), value, unit: z.string() })
    .nullable()
    .describe("what would help most, and the value with it"),
  extrapolated_share: number.min(0).max(1).describe("share of the time in steps beyond what the profile measured"),
  nearest_measured: z
    .strictObject({
      recording: z.string(),
      statistic: z.string(),
      measured: number,
      here: number,
      error: number.describe("of the simulation of that recording"),
    })
    .nullable()
    .describe("the recorded run, kept out of the fit, that is most like the load at the value"),
  evidence: z.array(evidence),
  cost: cost.nullable(),
  sizing: optional(sizing, "size: what else was found of the number of replicas"),
  tuning: optional(tuning, "tune: the settings found, and what each of them does"),
  commands: z.strictObject({ reproduce: z.string(), check: z.string().nullable() }),
  notes: z.array(z.string()),
});

export type Answer = z.output<typeof answerSchema>;
export type AnswerEvidence = z.output<typeof evidence>;
export type AnswerDifference = z.output<typeof difference>;
export type AnswerParts = z.output<typeof parts>;
export type AnswerCounterfactual = z.output<typeof counterfactual>;
export type AnswerSizing = z.output<typeof sizing>;
export type AnswerTuning = z.output<typeof tuning>;
export type AnswerCost = z.output<typeof cost>;
export type AnswerInterval = z.output<typeof interval>;
