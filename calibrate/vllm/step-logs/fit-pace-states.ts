/**
 * How long a host keeps its pace: the autocorrelation of its calls' normal scores by the time between them, fitted by
 * share x exp(-time / memory) of a fast and a slow state. What calls of one moment do not share is noise of each.
 */
import type { EngineJitter } from "../../../formats/index.js";
import { normalQuantile } from "../../fit/numerics/index.js";

export interface PacedRatio {
  readonly atNs: number;
  readonly ratio: number;
}

type States = EngineJitter["host_states"];

/** Lags at which the autocorrelation is taken: from where two calls seldom belong to one step, to some slow memories. */
const lagsNs = [8, 14, 25, 40, 70, 120, 200, 350, 600, 1000, 1700, 3000].map((ms) => ms * 1e6);
/** A pair counts for a lag when it is so near to it. */
const WITHIN = 0.25;
const MIN_PAIRS = 200;
const fastNs = [15, 20, 28, 40, 56, 80, 112, 160].map((ms) => ms * 1e6);
const slowNs = [0.5, 0.7, 1, 1.4, 2, 2.8, 4].map((s) => s * 1e9);

/** `runs`: calls of each recording in order of time. A fast and a slow state; none with too few calls. */
export function fitPaceStates(runs: readonly (readonly PacedRatio[])[]): States {
  const scored = runs.map(scoresOf);
  const points = lagsNs.flatMap((lagNs) => {
    let [sum, count] = [0, 0];
    for (const run of scored) {
      let other = 0;
      for (const { atNs, score } of run) {
        while (other < run.length && run[other]!.atNs < atNs + lagNs) other++;
        if (other === run.length) break;
        if (run[other]!.atNs > atNs + (1 + WITHIN) * lagNs) continue;
        sum += score * run[other]!.score;
        count++;
      }
    }
    return count < MIN_PAIRS ? [] : [{ lagNs, value: sum / count }];
  });
  if (points.length < 3) return [];
  let best: { readonly states: States; readonly loss: number } = { states: [], loss: Infinity };
  for (const fast of fastNs) {
    for (const slow of slowNs) {
      const fitted = sharesOf(points, fast, slow);
      if (fitted.loss < best.loss) best = fitted;
    }
  }
  return best.states;
}

interface Point {
  readonly lagNs: number;
  readonly value: number;
}

/** Least squares shares of two memories, neither negative. */
function sharesOf(points: readonly Point[], fast: number, slow: number): { states: States; loss: number } {
  const rows = points.map(({ lagNs, value }) => [Math.exp(-lagNs / fast), Math.exp(-lagNs / slow), value] as const);
  const sum = (of: (row: (typeof rows)[number]) => number): number => rows.reduce((total, row) => total + of(row), 0);
  const [ff, fs, ss] = [sum(([f]) => f * f), sum(([f, s]) => f * s), sum(([, s]) => s * s)];
  const [fv, sv] = [sum(([f, , v]) => f * v), sum(([, s, v]) => s * v)];
  const determinant = ff * ss - fs * fs;
  let [a, b] = [(fv * ss - sv * fs) / determinant, (sv * ff - fv * fs) / determinant];
  if (a < 0) [a, b] = [0, Math.max(0, sv / ss)];
  else if (b < 0) [a, b] = [Math.max(0, fv / ff), 0];
  const most = Math.max(1, a + b);
  const states = [
    { share: a / most, memory_ns: fast },
    { share: b / most, memory_ns: slow },
  ].filter(({ share }) => share > 0);
  return { states, loss: sum(([f, s, v]) => (a * f + b * s - v) ** 2) };
}

/** By rank within the run, so that an interruption weighs no more than the largest. */
function scoresOf(run: readonly PacedRatio[]): { readonly atNs: number; readonly score: number }[] {
  const order = run.map((_, at) => at).sort((a, b) => run[a]!.ratio - run[b]!.ratio);
  const scores = new Float64Array(run.length);
  order.forEach((at, rank) => (scores[at] = normalQuantile((rank + 0.5) / run.length)));
  return run.map(({ atNs }, at) => ({ atNs, score: scores[at]! }));
}
