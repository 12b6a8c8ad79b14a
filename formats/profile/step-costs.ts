/**
 * What steps of continuous batching cost on one machine, in a profile: fitted to single steps that `calibrate onnx` ran on the step
 * graph. A step's new tokens go through the dense layers in one run, or in more where there are more chunks of prompts than a
 * run takes; attention is computed for all decodes together, and for each chunk of a prompt. Times are nanoseconds.
 */
import { z } from "zod";
import { count, optional, positive, whole } from "../kinds.js";
import { costTerm, fitScore, ns, perStep, range, variation } from "./parts.js";

/** The parts of a step, each with terms of its own. */
export const stepPartNames = ["dense", "output", "decode", "prefill", "move"] as const;

const terms = z.array(costTerm);

export const stepTerms = z.strictObject({
  dense: terms.describe("dense layers: base for each run, rows = tokens = new tokens"),
  output: terms.describe("choosing next tokens: base for each run that does, rows = requests that get one"),
  decode: terms.describe("attention of decodes: rows = decodes, context_tokens = cached tokens that they read"),
  prefill: terms.describe("attention of chunks of prompts: rows = chunks, attention_pairs = their query and key pairs"),
  move: terms.describe("KV cache moved to another slot: rows = slots, tokens = tokens in them; one for each chunk"),
});

const referenceStep = z.strictObject({
  decodes: whole,
  context_tokens: whole.describe("cached tokens of each decode"),
  chunk_tokens: whole.describe("of the one prompt that is computed beside them; 0: none"),
  ms: positive.describe("median in the calibration"),
});

/** How mixed steps, which decode and prefill, compare with what was known before they were measured. */
const mixedSteps = z.strictObject({
  points: count,
  over_two_runs: positive.describe("median time over that of the same decodes and chunk in runs of their own"),
  assumption_error: z
    .number()
    .describe(
      "median error of both times less the smaller base, which is what profiles without steps assume: (assumed - measured) / measured",
    ),
});

/** How the engine ran whose steps were measured; the default of simulations. */
const stepSettings = z.strictObject({
  max_num_seqs: count,
  async_scheduling: z.literal(false).describe("a step starts when the one before has ended"),
  enable_prefix_caching: z.boolean(),
});

export const stepCosts = z.strictObject({
  settings: stepSettings,
  groups_per_run: count.describe("all decodes together are a group, and so is each chunk of a prompt"),
  terms: stepTerms,
  schedule: perStep.describe(
    "from the report of a step's tokens to the next step's start in its thread, where there is work",
  ),
  update: perStep.describe("from a step's end in its thread to the report of its tokens"),
  cold_start_ns: ns.default(0).describe("extra time of the first step of a process"),
  jitter: z
    .strictObject({ step: variation, host: variation })
    .describe("how a step's time, and that between two steps, vary about their mean"),
  range: z.strictObject({
    batch: range.describe("requests of a step"),
    step_tokens: range,
    prefill_tokens: range,
    prompt_tokens: range,
    context_tokens: range,
    attention_pairs: range,
  }),
  fit: fitScore,
  held_out: fitScore.optional(),
  mixed: mixedSteps.optional(),
  loop: optional(
    z.strictObject({ steps: count, error: z.number() }),
    "steps as a scheduler makes them, in no fit: (modelled - measured) / measured of all their time",
  ),
  reference: referenceStep.describe("repeated through the calibration to see the machine drift, and before real runs"),
  draws: optional(
    z.strictObject(Object.fromEntries(stepPartNames.map((name) => [name, z.array(z.array(ns))])) as Draws),
    "other coefficients that the measurements allow, a row a draw, in the order of the terms",
  ),
  raw: optional(z.string(), "file of raw measurements of steps, beside the profile"),
});

type Draws = Record<StepPartName, z.ZodArray<z.ZodArray<typeof ns>>>;

export type StepPartName = (typeof stepPartNames)[number];
export type StepTerms = z.output<typeof stepTerms>;
export type StepCosts = z.output<typeof stepCosts>;
