/**
 * What each cost term contributes to a measured batch, per unit of its coefficient: once for a prefill, summed over the
 * steps for a decode loop, which is measured whole. Quantities and clipping are the simulator's own (sim/cost), so that
 * what was fitted and what is simulated cannot differ.
 */
import type { CostTerm } from "../../formats/index.js";
import { decodeQuantities, prefillQuantities, termQuantity } from "../../sim/cost/index.js";
import type { BatchShape, Cell } from "./measurement.js";

/** A term without its coefficient: the quantity and where it is clipped. */
export type TermShape = Pick<CostTerm, "basis" | "upto" | "beyond">;

/** One of the two things that are fitted: which cells count, what was measured, what a term contributes. */
export interface FitTarget {
  readonly name: "prefill" | "decode_step";
  /** Terms without knots, the one to keep first where two cannot be told apart. */
  readonly terms: readonly TermShape[];
  /** Terms that may get a knot, and the value whose levels are the candidate knots. */
  readonly knots: readonly { readonly term: TermShape; readonly level: (shape: BatchShape) => number }[];
  readonly applies: (cell: BatchShape) => boolean;
  readonly measuredNs: (cell: Cell) => number;
  readonly feature: (term: TermShape, shape: BatchShape) => number;
}

/** Prefill of B rows of P tokens, time to the first token. */
export const prefillTarget: FitTarget = {
  name: "prefill",
  terms: [{ basis: "base" }, { basis: "tokens" }, { basis: "attention_pairs" }, { basis: "rows" }],
  knots: [
    { term: { basis: "rows" }, level: (shape) => shape.batchSize },
    { term: { basis: "tokens" }, level: (shape) => shape.batchSize * shape.promptTokens },
  ],
  applies: () => true,
  measuredNs: (cell) => cell.prefillNs,
  feature: (term, { batchSize, promptTokens }) => termQuantity(term, prefillQuantities(batchSize, promptTokens)),
};

/** The decode loop after the first token: step i (from 0) of a row with P prompt tokens reads P + i cached tokens. */
export const decodeTarget: FitTarget = {
  name: "decode_step",
  terms: [{ basis: "base" }, { basis: "context_tokens" }, { basis: "rows" }],
  knots: [{ term: { basis: "rows" }, level: (shape) => shape.batchSize }],
  applies: (shape) => shape.decodeSteps > 0,
  measuredNs: (cell) => cell.decodeNs,
  feature: (term, { batchSize, promptTokens, decodeSteps }) => {
    let sum = 0;
    for (let step = 0; step < decodeSteps; step++) {
      sum += termQuantity(term, decodeQuantities(batchSize, batchSize * (promptTokens + step)));
    }
    return sum;
  },
};

/** Modelled time in ns of what the target measures, for a batch of that shape. */
export function modelledNs(target: FitTarget, terms: readonly CostTerm[], shape: BatchShape): number {
  return terms.reduce((sum, term) => sum + term.coefficient_ns * target.feature(term, shape), 0);
}
