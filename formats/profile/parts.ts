/** What several parts of a profile are made of: terms of a cost, scores of a fit, how a time varies. Times in nanoseconds. */
import { z } from "zod";
import { nonnegative, optional, positive, share, whole } from "../kinds.js";

/**
 * Quantity that a term multiplies. For a batch of B rows with P prompt tokens each (left-padded):
 * rows = B, tokens = B*P, attention_pairs = B*P*(P+1)/2, context_tokens = cached tokens read by one decode step,
 * kv_tokens = tokens whose keys and values are held at the end of the batch.
 */
export const basisNames = ["base", "rows", "tokens", "attention_pairs", "context_tokens", "kv_tokens"] as const;

export const basis = z.enum(basisNames);
export const interval = z.tuple([z.number(), z.number()]);
export const range = z.tuple([nonnegative, nonnegative]);
/** No part of a step takes 1000 s. With longer ones the times of a run are soon beyond whole nanoseconds. */
const MAX_NS = 1e12;
export const ns = nonnegative.max(MAX_NS);
/** A time or a cost over its mean or median: a machine that stood still for a second once has a long one among its shortest steps. */
const MAX_RATIO = 1e6;
export const ratio = positive.max(MAX_RATIO);

/** value = coefficient * clip(basis), where clip is min(x, upto), max(0, x - beyond), or x itself; 0 for other batches. */
export const costTerm = z.strictObject({
  basis,
  upto: positive.optional(),
  beyond: positive.optional(),
  rows_upto: optional(positive, "counts only in batches of at most this many rows"),
  rows_beyond: optional(positive, "counts only in batches of more rows"),
  coefficient_ns: ns,
  ci95_ns: interval.optional(),
});

/** Absolute percentage errors of a model on points. */
export const fitScore = z.strictObject({
  points: whole,
  median_ape: nonnegative,
  p90_ape: nonnegative,
  r2: z.number().optional(),
});

/** Time of one thing that grows with the requests of a step, ns. */
export const perStep = z.strictObject({ base_ns: ns, request_ns: ns.default(0) });

/** How one time varies about its mean: quantiles [p, time / mean], p ascending from 0 to 1, linear between them. */
export const variation = z.strictObject({
  quantiles: z.array(z.tuple([share, nonnegative.max(MAX_RATIO)])).min(2),
});

export type Variation = z.output<typeof variation>;
export type CostTerm = z.output<typeof costTerm>;
export type BasisName = (typeof basisNames)[number];
export type FitScore = z.output<typeof fitScore>;
