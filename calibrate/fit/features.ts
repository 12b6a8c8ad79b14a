/**
 * What each cost term contributes to a measured batch, per unit of its coefficient: once for a prefill, summed over the
 * steps for a decode loop, which is measured whole. Quantities and clipping are the simulator's own (sim/cost), so that
 * what was fitted and what is simulated cannot differ.
 */
import type { CostTerm, StaticBatchCost, StepPartName } from "../../formats/index.js";
import { decodeQuantities, prefillQuantities, termQuantity, type TermClip } from "../../sim/cost/index.js";
import { blockName, type BatchShape, type Cell, type Measurement } from "./measurement.js";

/** The parts of a batch, or of a step, that have terms of their own. */
export type Phase = "prefill" | "decode_step" | StepPartName;

/** A term without its coefficient: where it counts, the quantity and where it is clipped. */
export interface TermShape extends TermClip {
  readonly phase: Phase;
}

/** A term that may bend, and the value whose measured levels are the candidate knots. */
export interface Bend<C> {
  readonly phase: Phase;
  readonly basis: CostTerm["basis"];
  readonly level: (cell: C) => number;
}

/** A base that may differ from some number of rows on, and the number whose measured levels are the candidates. */
export interface Switch<C> {
  readonly phase: Phase;
  readonly level: (cell: C) => number;
}

/** Something measured in cells `C` that terms are fitted to: which cells count, what was measured, which terms it is made of. */
export interface FitTarget<C> {
  readonly name: string;
  readonly phases: readonly Phase[];
  /** Terms without knots, the one to keep first where two cannot be told apart. */
  readonly terms: readonly TermShape[];
  readonly bends: readonly Bend<C>[];
  readonly switches: readonly Switch<C>[];
  readonly applies: (cell: C) => boolean;
  /** Whether the cell says anything of the phase. */
  readonly tells: (phase: Phase, cell: C) => boolean;
  /** Median of the repeats, and each of them. */
  readonly measuredNs: (cell: C) => number;
  readonly repeatsNs: (cell: C) => readonly number[];
  /** What a term adds to the cell per unit of its coefficient. */
  readonly feature: (term: TermShape, cell: C) => number;
  /** Cells of one block are taken or left together: they are not independent. */
  readonly blockOf: (cell: C) => string;
}

type BatchTarget = FitTarget<Cell>;

const rows = (shape: BatchShape): number => shape.batchSize;
const tokens = (shape: BatchShape): number => shape.batchSize * shape.promptTokens;
const pairs = (shape: BatchShape): number => (tokens(shape) * (shape.promptTokens + 1)) / 2;

/** What all targets of batches share; `timeNs` is the measured time of a cell or of one of its repeats. */
function ofBatches(
  timeNs: (timed: Cell | Measurement) => number,
  phases: readonly Phase[],
): Pick<BatchTarget, "phases" | "switches" | "tells" | "measuredNs" | "repeatsNs" | "feature" | "blockOf"> {
  return {
    phases,
    switches: phases.map((phase) => ({ phase, level: rows })),
    tells: (phase, { decodeSteps }) => phase !== "decode_step" || decodeSteps > 0,
    measuredNs: timeNs,
    repeatsNs: ({ repeats }) => repeats.map(timeNs),
    feature,
    blockOf: blockName,
  };
}

/** Prefill of B rows of P tokens, time to the first token. Launching kernels hides work below some tokens or pairs. */
export const prefillTarget: BatchTarget = {
  ...ofBatches((timed) => timed.prefillNs, ["prefill"]),
  name: "prefill",
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
};

/** The decode loop after the first token: step i (from 0) of a row with P prompt tokens reads P + i cached tokens. */
export const decodeTarget: BatchTarget = {
  ...ofBatches((timed) => timed.decodeNs, ["decode_step"]),
  name: "decode_step",
  terms: [
    { phase: "decode_step", basis: "base" },
    { phase: "decode_step", basis: "context_tokens" },
    { phase: "decode_step", basis: "rows" },
  ],
  bends: [{ phase: "decode_step", basis: "rows", level: rows }],
  applies: (shape) => shape.decodeSteps > 0,
};

/** Both at once, where nothing but the whole batch was timed; shapes without decode steps tell the two apart. */
export const batchTarget: BatchTarget = {
  ...ofBatches((timed) => timed.wallNs, ["prefill", "decode_step"]),
  name: "batch",
  terms: [...prefillTarget.terms, ...decodeTarget.terms],
  bends: [...prefillTarget.bends, ...decodeTarget.bends],
  applies: () => true,
};

/** What a term adds to a batch of that shape per unit of its coefficient. */
function feature(term: TermShape, { batchSize, promptTokens, decodeSteps }: BatchShape): number {
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

/** Modelled time in ns of a whole batch, its hand-over included. */
export function batchModelNs(cost: StaticBatchCost, shape: BatchShape): number {
  return (
    modelledNs("prefill", cost.prefill, shape) + modelledNs("decode_step", cost.decode_step, shape) + cost.dispatch_ns
  );
}
