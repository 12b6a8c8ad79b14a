/**
 * From measurements to the cost part of a profile: prefill and decode step of a static batch, fitted to the median of each
 * shape's repeats, with intervals, and scored on the cells of the fit and on those held out of it. Times are nanoseconds, errors fractions.
 */
import { ArtifactError, type CostTerm, type Profile, type StaticBatchProfile } from "../../formats/index.js";
import { bootstrapIntervals } from "./bootstrap.js";
import { decodeTarget, modelledNs, prefillTarget, type FitTarget, type TermShape } from "./features.js";
import { chooseKnots } from "./knots.js";
import { loadLinearSolver, type LinearSolver } from "./linear-solver.js";
import { checkMeasurement, shapeName, toCells, type BatchShape, type Cell, type Measurement } from "./measurement.js";
import { residualQuantiles, repeatSpread } from "./noise.js";
import { median } from "./quantile.js";
import { relativeDesign, solveRelative, splitIdentifiable } from "./relative-fit.js";
import { score } from "./score.js";

export interface FitOptions {
  readonly seed: string;
  /** Cells kept out of the fit and scored; none when absent. */
  readonly isHeldOut?: (shape: BatchShape) => boolean;
  /** Bootstrap resamples behind each interval. */
  readonly bootstrapSamples?: number;
}

/** The parts of a profile that come out of a fit, and what its reader should know. */
export interface StaticBatchFit extends Pick<StaticBatchProfile, "cost" | "fit" | "range"> {
  readonly noise: NonNullable<Profile["noise"]>;
  readonly held_out?: Profile["held_out"];
  readonly warnings: readonly string[];
}

/** Fewest cells to fit: as many as the plain decode model has coefficients. */
const LEAST_CELLS = 3;

/** Fits `grid` measurements (and `cold` ones, for the cold start). Imports mathjs, so the first call takes about a second. */
export async function fitStaticBatch(
  measurements: readonly Measurement[],
  options: FitOptions,
): Promise<StaticBatchFit> {
  return fitWith(await loadLinearSolver(), measurements, options);
}

function fitWith(solver: LinearSolver, measurements: readonly Measurement[], options: FitOptions): StaticBatchFit {
  const cells = toCells(measurements);
  const heldOut = cells.filter((cell) => options.isHeldOut?.(cell) ?? false);
  const fitted = cells.filter((cell) => !heldOut.includes(cell));
  if (fitted.length < LEAST_CELLS) {
    throw new ArtifactError(
      `cannot fit a cost model to ${fitted.length} shapes (${heldOut.length} more held out), expected at least ` +
        `${LEAST_CELLS}; measure more batch sizes, prompt lengths or decode steps`,
    );
  }
  const prefill = fitTarget(prefillTarget, fitted, solver, options);
  const decode = fitTarget(decodeTarget, fitted, solver, options);
  const grid = measurements.filter((measurement) => measurement.kind === "grid");
  const dispatchNs = Math.round(Math.max(0, median(grid.map((measurement) => measurement.dispatchNs))));
  const batchNs = (shape: BatchShape): number =>
    modelledNs(prefillTarget, prefill.terms, shape) + modelledNs(decodeTarget, decode.terms, shape) + dispatchNs;
  const cold = coldStart(measurements, cells);
  const scores = (some: readonly Cell[]) => ({
    prefill: scoreTarget(prefillTarget, prefill.terms, some),
    decode: scoreTarget(decodeTarget, decode.terms, some),
    batch: score(some.map((cell) => ({ real: cell.wallNs, model: batchNs(cell) }))),
  });
  return {
    cost: {
      kind: "static_batch",
      prefill: prefill.terms,
      decode_step: decode.terms,
      dispatch_ns: dispatchNs,
      cold_start_ns: cold.ns,
    },
    range: rangeOf(cells),
    fit: scores(fitted),
    ...(heldOut.length > 0 ? { held_out: scores(heldOut) } : {}),
    noise: { residual_quantiles: residualQuantiles(grid, batchNs), repeat_spread: repeatSpread(cells) },
    warnings: [...prefill.warnings, ...decode.warnings, ...cold.warnings],
  };
}

interface FittedTerms {
  readonly terms: CostTerm[];
  readonly warnings: readonly string[];
}

function fitTarget(
  target: FitTarget,
  allCells: readonly Cell[],
  solver: LinearSolver,
  { seed, bootstrapSamples = 200 }: FitOptions,
): FittedTerms {
  const cells = allCells.filter((cell) => target.applies(cell));
  if (cells.length === 0) {
    const terms = [{ basis: "base" as const, coefficient_ns: 0 }];
    return { terms, warnings: [`${target.name}: no shape with decode steps was measured, so a step is priced at 0`] };
  }
  const { kept, dropped } = splitIdentifiable(target, target.terms, cells);
  const shapes = chooseKnots(target, kept, cells, solver, seed);
  const design = relativeDesign(target, shapes, cells);
  const coefficients = solveRelative(design, solver);
  const intervals = bootstrapIntervals(design, coefficients, solver, { samples: bootstrapSamples, seed });
  const terms = shapes.flatMap((shape, i) => costTerm(shape, coefficients[i]!, intervals[i]!));
  return { terms, warnings: dropped.map((term) => explainDropped(target, term, kept)) };
}

/** Six digits, which is more than any measurement has; a term of 0 adds nothing and is left out. */
function costTerm(shape: TermShape, coefficientNs: number, interval: readonly [number, number]): CostTerm[] {
  if (coefficientNs === 0) return [];
  const digits = (value: number): number => Number(value.toPrecision(6));
  const coefficient = digits(coefficientNs);
  return [{ ...shape, coefficient_ns: coefficient, ci95_ns: [digits(interval[0]), digits(interval[1])] }];
}

function explainDropped(target: FitTarget, term: TermShape, kept: readonly TermShape[]): string {
  const others = kept.map((other) => other.basis).join(", ");
  return (
    `${target.name}: the shapes measured cannot tell "${term.basis}" from ${others}, so it was left out; ` +
    `the profile holds for batches like those measured (measure more batch sizes and prompt lengths to separate them)`
  );
}

function scoreTarget(target: FitTarget, terms: readonly CostTerm[], cells: readonly Cell[]) {
  const points = cells.filter((cell) => target.applies(cell));
  return score(points.map((cell) => ({ real: target.measuredNs(cell), model: modelledNs(target, terms, cell) })));
}

/** Extra time of the first batch of a process over the warm median of the same shape. */
function coldStart(
  measurements: readonly Measurement[],
  cells: readonly Cell[],
): { readonly ns: number; readonly warnings: readonly string[] } {
  const extras = measurements
    .filter((measurement) => measurement.kind === "cold")
    .flatMap((cold) => {
      checkMeasurement(cold);
      const warm = cells.find((cell) => shapeName(cell) === shapeName(cold));
      return warm === undefined ? [] : [cold.wallNs - warm.wallNs];
    });
  if (extras.length === 0) return { ns: 0, warnings: ["cold start: not measured, so the first batch costs no extra"] };
  return { ns: Math.round(Math.max(0, median(extras))), warnings: [] };
}

function rangeOf(cells: readonly Cell[]): Profile["range"] {
  const span = (values: readonly number[]): [number, number] => [Math.min(...values), Math.max(...values)];
  const contexts = cells.flatMap(({ promptTokens, decodeSteps }) =>
    decodeSteps > 0 ? [promptTokens, promptTokens + decodeSteps] : [],
  );
  return {
    batch: span(cells.map((cell) => cell.batchSize)),
    prompt_tokens: span(cells.map((cell) => cell.promptTokens)),
    context_tokens: contexts.length > 0 ? span(contexts) : [0, 0],
  };
}
