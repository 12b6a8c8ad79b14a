/**
 * What each cost term contributes to a measured batch, per unit of its coefficient: once for a prefill, summed over the
 * steps for a decode loop, which is measured whole. Quantities and clipping are the simulator's own (sim/cost), so that
 * what was fitted and what is simulated cannot differ.
 */
import type { CostTerm } from "../../formats/index.js";
import { decodeQuantities, prefillQuantities, termQuantity, type TermClip } from "../../sim/cost/index.js";
import type { BatchShape, Cell, Measurement } from "./measurement.js";

/** The two parts of a batch that have terms of their own. */
export type Phase = "prefill" | "decode_step";

/** A term without its coefficient: where it counts, the quantity and where it is clipped. */
export interface TermShape extends TermClip {
  readonly phase: Phase;
}

/** A term that may bend, and the value whose measured levels are the candidate knots. */
export interface Bend {
  readonly phase: Phase;
  readonly basis: CostTerm["basis"];
  readonly level: (shape: BatchShape) => number;
}

/** Something measured that terms are fitted to: which cells count, what was measured, which terms it is made of. */
export interface FitTarget {
  readonly name: "prefill" | "decode_step" | "batch";
  readonly phases: readonly Phase[];
  /** Terms without knots, the one to keep first where two cannot be told apart. */
  readonly terms: readonly TermShape[];
  readonly bends: readonly Bend[];
  readonly applies: (cell: BatchShape) => boolean;
  readonly measuredNs: (timed: Cell | Measurement) => number;
}

const rows = (shape: BatchShape): number => shape.batchSize;
const tokens = (shape: BatchShape): number => shape.batchSize * shape.promptTokens;
const pairs = (shape: BatchShape): number => (tokens(shape) * (shape.promptTokens + 1)) / 2;

/** Prefill of B rows of P tokens, time to the first token. Launching kernels hides work below some tokens or pairs. */
export const prefillTarget: FitTarget = {
  name: "prefill",
  phases: ["prefill"],
  terms: [
    { phase: "prefill", basis: "base" },
    { phase: "prefill", basis: "tokens" },
    { phase: "prefill", basis: "attention_pairs" },
    { phase: "prefill", basis: "rows" },
  ],
  bends: [
    { phase: "prefill", basis: "rows", level: rows },
    { phase: "prefill", basis: "tokens", level: tokens },
    { phase: "prefill", basis: "attention_pairs", level: pairs },
  ],
  applies: () => true,
  measuredNs: (timed) => timed.prefillNs,
};

/** The decode loop after the first token: step i (from 0) of a row with P prompt tokens reads P + i cached tokens. */
export const decodeTarget: FitTarget = {
  name: "decode_step",
  phases: ["decode_step"],
  terms: [
    { phase: "decode_step", basis: "base" },
    { phase: "decode_step", basis: "context_tokens" },
    { phase: "decode_step", basis: "rows" },
  ],
  bends: [{ phase: "decode_step", basis: "rows", level: rows }],
  applies: (shape) => shape.decodeSteps > 0,
  measuredNs: (timed) => timed.decodeNs,
};

/** Both at once, where nothing but the whole batch was timed; shapes without decode steps tell the two apart. */
export const batchTarget: FitTarget = {
  name: "batch",
  phases: ["prefill", "decode_step"],
  terms: [...prefillTarget.terms, ...decodeTarget.terms],
  bends: [...prefillTarget.bends, ...decodeTarget.bends],
  applies: () => true,
  measuredNs: (timed) => timed.wallNs,
};

/** What a term adds to a batch of that shape per unit of its coefficient. */
export function feature(term: TermShape, { batchSize, promptTokens, decodeSteps }: BatchShape): number {
  if (term.phase === "prefill") return termQuantity(term, prefillQuantities(batchSize, promptTokens));
  const stepQuantity = (step: number): number =>
    termQuantity(term, decodeQuantities(batchSize, batchSize * (promptTokens + step)));
  if (decodeSteps === 0) return 0;
  const [first, last] = [stepQuantity(0), stepQuantity(decodeSteps - 1)];
  const isClipped = term.upto !== undefined || term.beyond !== undefined;
  const grows = term.basis === "context_tokens" || term.basis === "kv_tokens";
  // Without a clip a quantity is constant or grows by the same every step.
  if (!isClipped || !grows) return (decodeSteps * (first + last)) / 2;
  let sum = 0;
  for (let step = 0; step < decodeSteps; step++) sum += stepQuantity(step);
  return sum;
}

/** Modelled time in ns of the given phase terms, for a batch of that shape. */
export function modelledNs(phase: Phase, terms: readonly CostTerm[], shape: BatchShape): number {
  return terms.reduce((sum, term) => sum + term.coefficient_ns * feature({ phase, ...term }, shape), 0);
}
