/** Which policy is best under each load, by how much, and whether chance explains it. */
import { mean, sampleDeviation, studentT } from "../../../sim/index.js";
import type { ComparedMetric, Figure } from "./cell-figures.js";

/** How far the best is ahead of another. */
export interface Lead {
  readonly over: Figure;
  /** As a fraction of the other. */
  readonly fraction: number;
  /** Of the fraction, with 90 % confidence; absent: not known. */
  readonly interval?: readonly [number, number];
  /** Whether chance is excluded; null: it is not known how much runs differ. */
  readonly isClear: boolean | null;
}

export interface Ranking {
  readonly load: string;
  readonly basis: "real" | "simulated";
  /** The best first, by the basis; those above capacity last. */
  readonly figures: readonly Figure[];
  /** Of the best over each other, in their order. */
  readonly leads: readonly Lead[];
  /** Of a real basis with several policies: the best by the simulation. */
  readonly simulatedBest?: Figure;
}

/** Confidence of a lead. */
const LEVEL = 0.9;

/** Loads in the order in which they are found. */
export function rankings(figures: readonly Figure[], { better }: ComparedMetric): Ranking[] {
  const loads = [...new Set(figures.map(({ cell }) => cell.load))];
  return loads.map((load) => {
    const own = figures.filter(({ cell }) => cell.load === load);
    const isReal = own.every(({ reals }) => reals.length > 0);
    const ordered = (valueOf: (figure: Figure) => number): Figure[] =>
      [...own].sort(
        (a, b) => Number(a.isAbove) - Number(b.isAbove) || (better === "less" ? 1 : -1) * (valueOf(a) - valueOf(b)),
      );
    const sorted = ordered(isReal ? realOf : simOf);
    const [best, ...others] = sorted;
    const simulatedBest = isReal && others.length > 0 ? ordered(simOf)[0] : undefined;
    return {
      load,
      basis: isReal ? "real" : "simulated",
      figures: sorted,
      leads: others.map((other) => leadOf(best!, other, isReal)),
      ...(simulatedBest === undefined ? {} : { simulatedBest }),
    };
  });
}

export function realOf({ reals }: Figure): number {
  return mean(reals);
}

function simOf({ sim }: Figure): number {
  return sim;
}

/** The value that a ranking goes by. */
export function valueOf(figure: Figure, basis: Ranking["basis"]): number {
  return basis === "real" ? realOf(figure) : simOf(figure);
}

function leadOf(best: Figure, over: Figure, isReal: boolean): Lead {
  const [own, other] = isReal ? [realOf(best), realOf(over)] : [best.sim, over.sim];
  const fraction = Math.abs(other - own) / other;
  if (isReal && best.reals.length > 1 && over.reals.length > 1) {
    const reach = welchReach(best.reals, over.reals) / other;
    return { over, fraction, interval: [fraction - reach, fraction + reach], isClear: fraction > reach };
  }
  return { over, fraction, isClear: areApart(best, over) };
}

/** Half the interval of the difference of two means (Welch 1947); its degrees of freedom rounded down. */
function welchReach(first: readonly number[], second: readonly number[]): number {
  const [a, b] = [first, second].map((values) => sampleDeviation(values) ** 2 / values.length) as [number, number];
  if (a + b === 0) return 0;
  const freedom = (a + b) ** 2 / (a ** 2 / (first.length - 1) + b ** 2 / (second.length - 1));
  return studentT(LEVEL, Math.max(1, Math.floor(freedom))) * Math.sqrt(a + b);
}

/** Whether the intervals of one run of each, by the simulation, have no value in common. */
function areApart({ simInterval: first }: Figure, { simInterval: second }: Figure): boolean | null {
  if (first === undefined || second === undefined) return null;
  return first[1] < second[0] || second[1] < first[0];
}
