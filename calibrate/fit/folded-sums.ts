/**
 * Normal equations of any model over the same cells, fold by fold: the product of two columns is summed once per fold and
 * kept, so that trying a model in cross-validation costs its columns and not its cells. Errors are relative, squared.
 */
import type { FitTarget, TermShape } from "./features.js";
import type { NormalEquations } from "./numerics/index.js";

/** Feature over measured time of each cell, by term; computed once. */
export class FeatureColumns {
  private readonly ids = new Map<string, number>();
  /** The same by object: a model's terms are asked for again and again. */
  private readonly idsOfTerms = new WeakMap<TermShape, number>();
  private readonly columns: Float64Array[] = [];

  private constructor(
    private readonly cells: number,
    private readonly valueOf: (term: TermShape, cell: number) => number,
  ) {
    this.columns.push(new Float64Array(cells).fill(1));
  }

  static of<C>(target: FitTarget<C>, cells: readonly C[]): FeatureColumns {
    return new FeatureColumns(
      cells.length,
      (term, cell) => target.feature(term, cells[cell]!) / target.measuredNs(cells[cell]!),
    );
  }

  /** Number of a term's column; 0 is the column of ones, which is what the model should come to. */
  idOf(term: TermShape): number {
    const seen = this.idsOfTerms.get(term);
    if (seen !== undefined) return seen;
    const id = this.idByName(term);
    this.idsOfTerms.set(term, id);
    return id;
  }

  private idByName(term: TermShape): number {
    const name = [term.phase, term.basis, term.beyond, term.upto, term.rows_beyond, term.rows_upto].join();
    const known = this.ids.get(name);
    if (known !== undefined) return known;
    const column = Float64Array.from({ length: this.cells }, (_, cell) => this.valueOf(term, cell));
    this.ids.set(name, this.columns.length);
    return this.columns.push(column) - 1;
  }

  column(id: number): Float64Array {
    return this.columns[id]!;
  }

  /** Model over measured, less 1, of each cell. */
  residuals(terms: readonly TermShape[], coefficients: readonly number[]): number[] {
    const residuals = new Array<number>(this.cells).fill(-1);
    terms.forEach((term, i) => {
      const [column, coefficient] = [this.column(this.idOf(term)), coefficients[i]!];
      if (coefficient > 0) column.forEach((value, cell) => (residuals[cell]! += coefficient * value));
    });
    return residuals;
  }
}

const ALL = 0;

/** Sums over all cells and over each fold. Folds are numbered from 1; a cell has as many as blocks were dealt times. */
export class FoldedSums {
  readonly foldCount: number;
  private readonly products = new Map<number, Float64Array>();

  constructor(
    private readonly columns: FeatureColumns,
    private readonly deals: readonly (readonly number[])[],
    private readonly weights: readonly number[],
  ) {
    this.foldCount = deals.reduce((most, folds) => folds.reduce((a, b) => Math.max(a, b), most), 0);
  }

  /** The equations of a model over all cells but those of a fold; over all without one. */
  equations(terms: readonly TermShape[], without?: number): NormalEquations {
    const ids = terms.map((term) => this.columns.idOf(term));
    const sum = (a: number, b: number): number => {
      const sums = this.product(a, b);
      return sums[ALL]! - (without === undefined ? 0 : sums[without]!);
    };
    return { gram: ids.map((a) => ids.map((b) => sum(a, b))), moment: ids.map((a) => sum(a, 0)) };
  }

  /** Weighted sum of squared relative errors of a model's coefficients on the cells of one fold. */
  loss(terms: readonly TermShape[], coefficients: readonly number[], fold: number): number {
    const ids = terms.map((term) => this.columns.idOf(term));
    let loss = this.product(0, 0)[fold]!;
    ids.forEach((a, i) => {
      const x = coefficients[i]!;
      if (x === 0) return;
      loss -= 2 * x * this.product(a, 0)[fold]!;
      ids.forEach((b, j) => (loss += x * coefficients[j]! * this.product(a, b)[fold]!));
    });
    return Math.max(0, loss);
  }

  private product(a: number, b: number): Float64Array {
    const [low, high] = a < b ? [a, b] : [b, a];
    const key = (high * (high + 1)) / 2 + low;
    const known = this.products.get(key);
    if (known !== undefined) return known;
    const sums = this.sum(this.columns.column(low), this.columns.column(high));
    this.products.set(key, sums);
    return sums;
  }

  private sum(left: Float64Array, right: Float64Array): Float64Array {
    const { deals, weights } = this;
    const sums = new Float64Array(this.foldCount + 1);
    for (let cell = 0; cell < left.length; cell++) {
      const value = weights[cell]! * left[cell]! * right[cell]!;
      if (value === 0) continue;
      sums[ALL]! += value;
      for (const folds of deals) sums[folds[cell]!]! += value;
    }
    return sums;
  }
}
