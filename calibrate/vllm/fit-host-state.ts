/**
 * How alike launches near in time are: the products of their normal scores by the time between them, fitted by
 * share x exp(-time / memory).
 */
import type { EngineJitter } from "../../formats/index.js";
import { normalQuantile } from "./log-normal.js";

/** A launch that showed. */
export interface ShownLaunch {
  readonly atNs: number;
  /** Of the mean of its kind. */
  readonly ratio: number;
  /** Quantiles of its kind. */
  readonly quantiles: readonly (readonly [p: number, ratio: number])[];
}

/** Pairs further apart than this tell nothing. */
const FAR_NS = 3e9;
const NEIGHBOURS = 12;
const LEAST_PAIRS = 200;

/** `runs`: launches of each recording in order of time. Undefined with too few of them. */
export function fitHostState(runs: readonly (readonly ShownLaunch[])[]): EngineJitter["host_state"] {
  const pairs: { readonly gapNs: number; readonly product: number }[] = [];
  for (const run of runs) {
    const scores = run.map(scoreOf);
    for (let first = 0; first < run.length; first++) {
      for (let second = first + 1; second < run.length && second <= first + NEIGHBOURS; second++) {
        const gapNs = run[second]!.atNs - run[first]!.atNs;
        if (gapNs > FAR_NS) break;
        pairs.push({ gapNs, product: scores[first]! * scores[second]! });
      }
    }
  }
  if (pairs.length < LEAST_PAIRS) return undefined;
  let best: { readonly share: number; readonly memory_ns: number; readonly loss: number } | undefined;
  for (let memory_ns = 5e6; memory_ns < 2e9; memory_ns *= 1.25) {
    let [ee, ep] = [0, 0];
    for (const { gapNs, product } of pairs) {
      const expected = Math.exp(-gapNs / memory_ns);
      ee += expected * expected;
      ep += expected * product;
    }
    const share = Math.min(0.98, Math.max(0, ep / ee));
    const loss = share * share * ee - 2 * share * ep;
    if (best === undefined || loss < best.loss) best = { share, memory_ns, loss };
  }
  return { share: best!.share, memory_ns: best!.memory_ns };
}

function scoreOf({ ratio, quantiles }: ShownLaunch): number {
  let at = 0;
  while (at < quantiles.length - 1 && quantiles[at + 1]![1] < ratio) at++;
  const [lowP, low] = quantiles[at]!;
  const [highP, high] = quantiles[Math.min(at + 1, quantiles.length - 1)]!;
  const share = high > low ? Math.min(1, Math.max(0, (ratio - low) / (high - low))) : 0.5;
  return normalQuantile(Math.min(0.998, Math.max(0.002, lowP + share * (highP - lowP))));
}
