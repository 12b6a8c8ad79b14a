/**
 * From measurements to the cost part of a profile: prefill and decode step of a static batch, fitted to the median of each
 * shape's repeats, with intervals, and scored on the cells of the fit and on those held out of it. Times are nanoseconds, errors fractions.
 */
import { ArtifactError, type Profile, type StaticBatchProfile } from "../../formats/index.js";
import { median } from "../../sim/metrics/index.js";
import { batchTarget, decodeTarget, modelledNs, prefillTarget } from "./features.js";
import { fitTarget, type PhaseFit, type TargetFit } from "./fit-target.js";
import { loadLinearSolver, type LinearSolver } from "./numerics/index.js";
import {
  checkMeasurement,
  shapeName,
  span,
  toCells,
  type BatchShape,
  type Cell,
  type Measurement,
} from "./measurement.js";
import { repeatQuantiles, repeatSpread, residualQuantiles } from "./noise.js";
import { score } from "./score.js";

export interface FitOptions {
  readonly seed: string;
  /** Cells kept out of the fit and scored; none when absent. */
  readonly isHeldOut?: (shape: BatchShape) => boolean;
  /** Bootstrap resamples behind each interval; 200 when absent. */
  readonly bootstrapSamples?: number;
  /** Straight terms alone, without knots and switches: what a plain linear model would reach. */
  readonly plain?: boolean;
}

/** A whole batch as measured (the median of its repeats) and as modelled, to be drawn against its shape. */
export interface Residual extends BatchShape {
  readonly realNs: number;
  readonly modelNs: number;
  readonly heldOut: boolean;
}

/** The parts of a profile that come out of a fit, and what its reader should know. */
export interface StaticBatchFit extends Pick<StaticBatchProfile, "cost" | "fit" | "range"> {
  readonly noise: NonNullable<Profile["noise"]>;
  readonly held_out?: Profile["held_out"];
  /** Bootstrap coefficients, at most 100 rows, for `withCostDraw`. */
  readonly uncertainty: NonNullable<Profile["uncertainty"]>;
  readonly residuals: readonly Residual[];
  readonly warnings: readonly string[];
}

/** Fewest cells to fit: as many as the plain decode model has coefficients. */
const MIN_CELLS = 3;
const KEPT_DRAWS = 100;

/** Fits `grid` measurements (and `cold` ones, for the cold start). Imports mathjs, so the first call takes about a second. */
export async function fitStaticBatch(
  measurements: readonly Measurement[],
  options: FitOptions,
): Promise<StaticBatchFit> {
  const solver = await loadLinearSolver();
  const cells = toCells(measurements);
  const heldOut = cells.filter((cell) => options.isHeldOut?.(cell) ?? false);
  const unseen = new Set(heldOut);
  const fitted = cells.filter((cell) => !unseen.has(cell));
  if (fitted.length < MIN_CELLS) {
    throw new ArtifactError(
      `cannot fit a cost model to ${fitted.length} shapes (${heldOut.length} more held out), expected at least ` +
        `${MIN_CELLS}; measure more batch sizes, prompt lengths or decode steps`,
    );
  }
  const { prefill, decode, warnings } = fitPhases(fitted, solver, options);
  const grid = measurements.filter((measurement) => measurement.kind === "grid");
  const dispatchNs = Math.round(Math.max(0, median(grid.map((measurement) => measurement.dispatchNs))));
  const prefillNs = (shape: BatchShape): number => modelledNs("prefill", prefill.terms, shape);
  const decodeNs = (shape: BatchShape): number => modelledNs("decode_step", decode.terms, shape);
  const batchNs = (shape: BatchShape): number => prefillNs(shape) + decodeNs(shape) + dispatchNs;
  const cold = coldStart(measurements, cells);
  const scores = (some: readonly Cell[]) => scoresOf(some, { prefillNs, decodeNs, batchNs });
  return {
    cost: {
      kind: "static_batch",
      prefill: [...prefill.terms],
      decode_step: [...decode.terms],
      dispatch_ns: dispatchNs,
      cold_start_ns: cold.ns,
    },
    range: rangeOf(cells),
    fit: scores(fitted),
    ...(heldOut.length > 0 ? { held_out: scores(heldOut) } : {}),
    noise: {
      residual_quantiles: residualQuantiles(grid, batchNs),
      repeat_quantiles: repeatQuantiles(cells),
      repeat_spread: repeatSpread(cells),
    },
    uncertainty: { prefill: keptDraws(prefill), decode_step: keptDraws(decode) },
    residuals: cells.map((cell) => residualOf(cell, batchNs(cell), unseen.has(cell))),
    warnings: [...warnings, ...cold.warnings],
  };
}

/** Errors of a model of whole batches and of their phases. */
function scoresOf(
  cells: readonly Cell[],
  model: Record<"prefillNs" | "decodeNs" | "batchNs", (shape: BatchShape) => number>,
) {
  // Where phases are differences, errors of the difference say nothing about either.
  const timed = cells.filter((cell) => !isWallOnly(cell));
  const stepped = timed.filter((cell) => decodeTarget.applies(cell));
  return {
    ...(timed.length === 0
      ? {}
      : {
          prefill: score(timed.map((cell) => ({ real: cell.prefillNs, model: model.prefillNs(cell) }))),
          decode: score(stepped.map((cell) => ({ real: cell.decodeNs, model: model.decodeNs(cell) }))),
        }),
    batch: score(cells.map((cell) => ({ real: cell.wallNs, model: model.batchNs(cell) }))),
  };
}

/** Prefill and decode each from their own times, or both from the whole batches where nothing else was timed. */
function fitPhases(cells: readonly Cell[], solver: LinearSolver, options: FitOptions) {
  const { seed, bootstrapSamples = 200, plain = false } = options;
  const targets = cells.some(isWallOnly) ? [batchTarget] : [prefillTarget, decodeTarget];
  const fits = targets.map((target) => fitTarget(target, cells, solver, { seed, bootstrapSamples, plain }));
  const phases = fits.reduce<TargetFit["phases"]>((all, fit) => ({ ...all, ...fit.phases }), {});
  return { prefill: phases.prefill!, decode: phases.decode_step!, warnings: fits.flatMap((fit) => fit.warnings) };
}

function isWallOnly(cell: Cell): boolean {
  return cell.repeats.some((repeat) => repeat.wallOnly === true);
}

function keptDraws({ draws }: PhaseFit): number[][] {
  return draws.slice(0, KEPT_DRAWS).map((draw) => [...draw]);
}

function residualOf(
  { batchSize, promptTokens, decodeSteps, wallNs }: Cell,
  modelNs: number,
  heldOut: boolean,
): Residual {
  return { batchSize, promptTokens, decodeSteps, realNs: wallNs, modelNs: Math.round(modelNs), heldOut };
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
  const contexts = cells.flatMap(({ promptTokens, decodeSteps }) =>
    decodeSteps > 0 ? [promptTokens, promptTokens + decodeSteps] : [],
  );
  return {
    batch: span(cells.map((cell) => cell.batchSize)),
    prompt_tokens: span(cells.map((cell) => cell.promptTokens)),
    context_tokens: contexts.length > 0 ? span(contexts) : [0, 0],
  };
}
