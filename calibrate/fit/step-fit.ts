/**
 * From measured steps to the step costs of a profile: terms of dense layers, output, attention of decodes and of chunks, and moved
 * slots, fitted together to the median of each step's repeats, then raised to the mean. Nanoseconds; errors are fractions.
 */
import {
  defined,
  greatest,
  least,
  stepPartNames,
  type CostTerm,
  type StepCosts,
  type StepPartName,
  type StepTerms,
} from "../../formats/index.js";
import { meanOf, stepQuantities, sumParts, termQuantity, type StepQuantities, type StepWork } from "../../sim/index.js";
import { median } from "../../sim/metrics/index.js";
import type { FitTarget } from "./features.js";
import { fitTarget } from "./fit-target.js";
import { span } from "./measurement.js";
import { loadLinearSolver, variationOf } from "./numerics/index.js";
import { score } from "./score.js";
import { isSingle, preferLoops, toStepCells, type StepCell, type StepMeasurement } from "./step-measurement.js";

export interface StepFitOptions {
  readonly seed: string;
  readonly groupsPerRun: number;
  /** Cells kept out of the fit and scored. */
  readonly isHeldOut: (cell: StepCell) => boolean;
}

/** The parts of the profile's section that come out of the fit. */
export interface StepFit extends Pick<StepCosts, "terms" | "fit" | "held_out" | "draws" | "mixed"> {
  readonly jitter: Pick<StepCosts["jitter"], "step">;
  readonly warnings: readonly string[];
}

const BOOTSTRAP_SAMPLES = 100;
/** Where there are too few repeats to tell: every time is its mean. */
export const STEADY: StepCosts["jitter"]["step"] = { quantiles: [[0, 1], [1, 1]] }; // prettier-ignore

export async function fitSteps(
  measurements: readonly StepMeasurement[],
  { seed, groupsPerRun, isHeldOut }: StepFitOptions,
): Promise<StepFit> {
  const all = toStepCells(measurements);
  const cells = preferLoops(all);
  const heldOut = cells.filter(isHeldOut);
  const fitted = cells.filter((cell) => !heldOut.includes(cell));
  const solver = await loadLinearSolver();
  const { phases, warnings } = fitTarget(stepTarget(groupsPerRun), fitted, solver, {
    ...{ seed, bootstrapSamples: BOOTSTRAP_SAMPLES, plain: false },
  });
  const partsOf = <T>(value: (part: StepPartName) => T): Record<StepPartName, T> =>
    Object.fromEntries(stepPartNames.map((part) => [part, value(part)])) as Record<StepPartName, T>;
  const terms: StepTerms = partsOf((part) => [...phases[part]!.terms]);
  const modelNs = (work: StepWork): number => sumParts({ terms }, stepQuantities(work, groupsPerRun));
  const scoreOf = (some: readonly StepCell[]) =>
    score(some.map((cell) => ({ real: cell.stepNs, model: modelNs(cell) })));
  const ratios = cells.flatMap(({ repeats, stepNs }) =>
    repeats.length < 2 ? [] : repeats.map((repeat) => repeat.stepNs / stepNs),
  );
  const step = variationOf(ratios) ?? STEADY;
  const meanOverMedian = meanOf(step.quantiles);
  const raised = (ns: number): number => Number((meanOverMedian * ns).toPrecision(6));
  const mixed = mixedOf(all.filter(isSingle), terms);
  return {
    terms: partsOf((part) => terms[part].map((term) => raisedTerm(term, raised))),
    draws: partsOf((part) => phases[part]!.draws.map((draw) => draw.map(raised))),
    fit: scoreOf(fitted),
    ...(heldOut.length === 0 ? {} : { held_out: scoreOf(heldOut) }),
    ...defined({ mixed }),
    jitter: { step },
    warnings,
  };
}

function raisedTerm({ coefficient_ns, ci95_ns, ...term }: CostTerm, raised: (ns: number) => number): CostTerm {
  return {
    ...term,
    coefficient_ns: raised(coefficient_ns),
    ...(ci95_ns === undefined ? {} : { ci95_ns: [raised(ci95_ns[0]), raised(ci95_ns[1])] }),
  };
}

/** The dense layers bend and switch with the number of new tokens, as kernels for one, few and many rows differ. */
function stepTarget(groupsPerRun: number): FitTarget<StepCell> {
  const tokens = ({ decodes, chunkTokens }: StepWork): number => decodes + chunkTokens;
  const quantities = new Map<StepCell, StepQuantities>();
  const quantitiesOf = (cell: StepCell): StepQuantities => {
    const known = quantities.get(cell) ?? stepQuantities(cell, groupsPerRun);
    quantities.set(cell, known);
    return known;
  };
  return {
    name: "steps",
    phases: stepPartNames,
    terms: [
      { phase: "dense", basis: "base" },
      { phase: "dense", basis: "tokens" },
      { phase: "output", basis: "base" },
      { phase: "output", basis: "rows" },
      { phase: "decode", basis: "context_tokens" },
      { phase: "prefill", basis: "rows" },
      { phase: "prefill", basis: "attention_pairs" },
      { phase: "move", basis: "rows" },
      { phase: "move", basis: "tokens" },
    ],
    bends: [{ phase: "dense", basis: "tokens", level: tokens }],
    switches: [{ phase: "dense", level: tokens }],
    applies: () => true,
    tells: (phase, cell) => {
      if (phase === "decode") return cell.decodes > 0;
      if (phase === "prefill") return cell.chunks > 0;
      return phase === "move" ? cell.moves > 0 : true;
    },
    measuredNs: ({ stepNs }) => stepNs,
    repeatsNs: ({ repeats }) => repeats.map(({ stepNs }) => stepNs),
    feature: (term, cell) => termQuantity(term, quantitiesOf(cell)[term.phase as keyof StepQuantities]),
    blockOf: ({ decodes, chunks, chunkTokens }) => `${decodes} ${chunks} ${chunkTokens}`,
  };
}

/** Steps of decodes and one prompt in one run, beside the same decodes and the same prompt in runs of their own. */
function mixedOf(cells: readonly StepCell[], { dense, output }: StepTerms): StepCosts["mixed"] {
  const baseNs = [...dense, ...output].reduce(
    (sum, term) => sum + (term.basis === "base" ? term.coefficient_ns : 0),
    0,
  );
  const triples = cells.flatMap((mixed) => {
    if (mixed.decodes === 0 || mixed.chunks !== 1 || mixed.moves > 0) return [];
    const decodes = cells.find(
      (cell) =>
        cell.chunks === 0 &&
        cell.moves === 0 &&
        cell.decodes === mixed.decodes &&
        cell.contextTokens === mixed.contextTokens,
    );
    const chunk = cells.find(
      (cell) =>
        cell.decodes === 0 && cell.chunks === 1 && cell.sampled === 1 && cell.attentionPairs === mixed.attentionPairs,
    );
    return decodes === undefined || chunk === undefined ? [] : [{ mixed, apartNs: decodes.stepNs + chunk.stepNs }];
  });
  if (triples.length === 0) return undefined;
  const digits = (value: number): number => Number(value.toPrecision(4));
  return {
    points: triples.length,
    over_two_runs: digits(median(triples.map(({ mixed, apartNs }) => mixed.stepNs / apartNs))),
    assumption_error: digits(median(triples.map(({ mixed, apartNs }) => (apartNs - baseNs) / mixed.stepNs - 1))),
  };
}

/** How far steps were measured, for simulations to tell what lies beyond. */
export function stepRange(
  cells: readonly StepWork[],
  longest: { readonly prompt: number; readonly context: number },
): StepCosts["range"] {
  const withChunks = cells.filter(({ chunks }) => chunks > 0);
  const withDecodes = cells.filter(({ decodes }) => decodes > 0);
  return {
    batch: span(cells.map(({ decodes, chunks }) => decodes + chunks)),
    step_tokens: span(cells.map(({ decodes, chunkTokens }) => decodes + chunkTokens)),
    prefill_tokens: [1, greatest(withChunks.map(({ chunkTokens }) => chunkTokens))],
    prompt_tokens: [1, longest.prompt],
    context_tokens: [least(withDecodes.map(({ decodes, contextTokens }) => contextTokens / decodes)), longest.context],
    attention_pairs: [0, greatest(withChunks.map(({ attentionPairs }) => attentionPairs))],
  };
}
