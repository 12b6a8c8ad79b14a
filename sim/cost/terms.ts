/** Evaluation of a profile's cost terms: coefficient times a clipped quantity of the batch or step, summed. */
import type { BasisName, CostTerm } from "../../formats/index.js";

/** Quantities of a batch or step that terms may multiply; see formats/profile for each. */
export type Quantities = Readonly<Record<BasisName, number>>;

/** A term without its coefficient: the quantity, where it is clipped, and the batches that it counts in. */
export type TermClip = Pick<CostTerm, "basis" | "upto" | "beyond" | "rows_upto" | "rows_beyond">;

/**
 * The quantity of a term without its coefficient: min(x, upto), max(0, x - beyond), or x; 0 where it does not count.
 */
export function termQuantity(term: TermClip, quantities: Quantities): number {
  if (!countsAt(term, quantities.rows)) return 0;
  let x = quantities[term.basis];
  if (term.beyond !== undefined) x = Math.max(0, x - term.beyond);
  if (term.upto !== undefined) x = Math.min(x, term.upto - (term.beyond ?? 0));
  return x;
}

/** Whether a term counts in batches of this many rows: libraries choose kernels by the number of rows. */
export function countsAt({ rows_upto: upto, rows_beyond: beyond }: TermClip, rows: number): boolean {
  return (upto === undefined || rows <= upto) && (beyond === undefined || rows > beyond);
}

/** Sum of the terms, ns, not rounded. */
export function sumTerms(terms: readonly CostTerm[], quantities: Quantities): number {
  let ns = 0;
  for (const term of terms) ns += term.coefficient_ns * termQuantity(term, quantities);
  return ns;
}

/** Quantities of the prefill of `rows` prompts of `promptTokens` tokens each. */
export function prefillQuantities(rows: number, promptTokens: number): Quantities {
  return {
    base: 1,
    rows,
    tokens: rows * promptTokens,
    attention_pairs: (rows * promptTokens * (promptTokens + 1)) / 2,
    context_tokens: 0,
    kv_tokens: rows * promptTokens,
  };
}

/** Quantities of one decode step of `rows` requests that read `contextTokens` cached tokens in all. */
export function decodeQuantities(rows: number, contextTokens: number): Quantities {
  return {
    base: 1,
    rows,
    tokens: rows,
    attention_pairs: 0,
    context_tokens: contextTokens,
    kv_tokens: contextTokens + rows,
  };
}
