/** What the model leaves unexplained: spread between repeats, residuals of whole batches, drift over the session. */
import { greatest, least, percent } from "../../formats/index.js";
import { median, quantileOf } from "../../sim/metrics/index.js";
import { shapeName, type BatchShape, type Cell, type Measurement } from "./measurement.js";

const QUANTILES = [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99] as const;

/** Quantiles of real over modelled wall time of single batches: [quantile, ratio]. */
export function residualQuantiles(
  grid: readonly Measurement[],
  batchNs: (shape: BatchShape) => number,
): [number, number][] {
  return quantilesOf(grid.map((measurement) => measurement.wallNs / batchNs(measurement)));
}

/** Quantiles of single repeats over their shape's median; shapes measured once tell nothing. */
export function repeatQuantiles(cells: readonly Cell[]): [number, number][] {
  const ratios = cells.flatMap(({ repeats, wallNs }) =>
    repeats.length < 2 ? [] : repeats.map((repeat) => repeat.wallNs / wallNs),
  );
  return ratios.length === 0 ? [] : quantilesOf(ratios);
}

function quantilesOf(ratios: readonly number[]): [number, number][] {
  return QUANTILES.map((q) => [q, Number(quantileOf(ratios, q).toPrecision(4))]);
}

/** Median over cells of half the range of their repeats over their median, a fraction. */
export function repeatSpread(cells: readonly Cell[]): number {
  const spreads = cells.map(cellSpread);
  return spreads.length === 0 ? 0 : Number(median(spreads).toPrecision(4));
}

/** Half the range of a cell's wall times over their median, a fraction; 0 for one repeat. */
function cellSpread(cell: Cell): number {
  const walls = cell.repeats.map((repeat) => repeat.wallNs);
  return (greatest(walls) - least(walls)) / 2 / cell.wallNs;
}

/**
 * How much slower the last round was than the first, a fraction (negative: faster): the median over shapes of last over
 * first repeat, so that single disturbances do not count. 0 when there is one round.
 */
export function drift(cells: readonly Cell[]): number {
  const ratios = cells.flatMap(({ repeats }) => {
    const byRep = [...repeats].sort((a, b) => a.rep - b.rep);
    return byRep.length < 2 ? [] : [byRep.at(-1)!.wallNs / byRep[0]!.wallNs];
  });
  return ratios.length === 0 ? 0 : median(ratios) - 1;
}

/** Warnings about a machine that was not quiet: drift, and shapes whose repeats disagree. */
export function describeNoise(cells: readonly Cell[]): string[] {
  const warnings: string[] = [];
  const drifted = drift(cells);
  if (Math.abs(drifted) > 0.15) {
    warnings.push(
      `the machine drifted: the last round was ${percent(Math.abs(drifted))} ${drifted > 0 ? "slower" : "faster"} ` +
        `than the first; calibrate again when nothing else runs`,
    );
  }
  const unstable = cells.filter((cell) => cellSpread(cell) > 0.25);
  if (unstable.length > 0) {
    const names = unstable.slice(0, 6).map((cell) => `${shapeName(cell)} ±${percent(cellSpread(cell))}`);
    const more = unstable.length > names.length ? ` and ${unstable.length - names.length} more` : "";
    warnings.push(`repeats disagree by more than ±25 % for ${names.join(", ")}${more}`);
  }
  return warnings;
}
