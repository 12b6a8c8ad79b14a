/** Factors of mean 1 by probability and by normal score. Repeats of a run share the tables: making them takes as long as a short run. */
import type { Variation } from "../../../formats/index.js";
import { QuantileTable } from "./quantile-table.js";
import { ScoreTable } from "./score-table.js";

type Quantiles = Variation["quantiles"];

const byProbability = new WeakMap<Quantiles, QuantileTable>();
const byScore = new WeakMap<Quantiles, Map<number, ScoreTable>>();

/** Quantiles over their mean. */
export function factorTable({ quantiles }: Variation): QuantileTable {
  const known = byProbability.get(quantiles);
  if (known !== undefined) return known;
  const table = new QuantileTable(quantiles, 1 / meanOf(quantiles));
  byProbability.set(quantiles, table);
  return table;
}

/** The same factors by normal score, of the lowest `share` of probabilities. */
export function factorsByScore(variation: Variation, share: number): ScoreTable {
  const { quantiles } = variation;
  const tables = byScore.get(quantiles) ?? new Map<number, ScoreTable>();
  const known = tables.get(share);
  if (known !== undefined) return known;
  const factors = factorTable(variation);
  const table = new ScoreTable((probability) => factors.at(share * probability));
  byScore.set(quantiles, tables.set(share, table));
  return table;
}

/** Mean of a distribution whose quantile function is linear between the given points; 1 where it is 0. */
export function meanOf(quantiles: Quantiles): number {
  let mean = 0;
  for (let at = 1; at < quantiles.length; at++) {
    const [[lowP, low], [highP, high]] = [quantiles[at - 1]!, quantiles[at]!];
    mean += ((highP - lowP) * (low + high)) / 2;
  }
  return mean > 0 ? mean : 1;
}
