/**
 * How alike launches near in time are: the products of their normal scores by the time between them, fitted by
 * share x exp(-time / memory).
 */
import type { EngineJitter } from "../../formats/index.js";
import { normalQuantile } from "./log-normal.js";

/** Of times, the longest: something came between, which says little of the times after it. */
export const INTERRUPTED = 0.03;

/** A launch that showed. */
export interface ShownLaunch {
  readonly atNs: number;
  /** Of the mean of its kind. */
  readonly ratio: number;
  /** Quantiles of its kind. */
  readonly quantiles: readonly (readonly [p: number, ratio: number])[];
}

/** A slow state is what is left of the likeness at lags from NEAR_NS to FAR_NS; its memory is taken to be SLOW_NS. */
const NEAR_NS = 300e6;
const FAR_NS = 3e9;
const SLOW_NS = 2e9;
const NEIGHBOURS = 12;
const LEAST_PAIRS = 200;

interface Pair {
  readonly gapNs: number;
  readonly product: number;
}

/** `runs`: launches of each recording in order of time. A fast and a slow state; none with too few launches. */
export function fitHostStates(runs: readonly (readonly ShownLaunch[])[]): EngineJitter["host_states"] {
  const pairs = runs.flatMap(pairsOf);
  const near = pairs.filter(({ gapNs }) => gapNs < NEAR_NS);
  const far = pairs.filter(({ gapNs }) => gapNs >= NEAR_NS);
  if (near.length < LEAST_PAIRS) return [];
  const slow = far.length < LEAST_PAIRS ? 0 : shareAt(SLOW_NS, far, 0.3).share;
  let best = { share: 0, memory_ns: NEAR_NS, loss: Infinity };
  for (let memoryNs = 2e6; memoryNs < NEAR_NS; memoryNs *= 1.25) {
    const rest = near.map(({ gapNs, product }) => ({ gapNs, product: product - slow * Math.exp(-gapNs / SLOW_NS) }));
    const { share, loss } = shareAt(memoryNs, rest, 0.98 - slow);
    if (loss < best.loss) best = { share, memory_ns: memoryNs, loss };
  }
  return [
    { share: best.share, memory_ns: best.memory_ns },
    { share: slow, memory_ns: SLOW_NS },
  ];
}

function pairsOf(run: readonly ShownLaunch[]): Pair[] {
  const pairs: Pair[] = [];
  const scored = run
    .map((launch) => ({ atNs: launch.atNs, score: scoreOf(launch) }))
    .filter(({ score }) => score < Infinity);
  for (let first = 0; first < scored.length; first++) {
    for (let second = first + 1; second < scored.length && second <= first + NEIGHBOURS; second++) {
      const gapNs = scored[second]!.atNs - scored[first]!.atNs;
      if (gapNs > FAR_NS) break;
      pairs.push({ gapNs, product: scored[first]!.score * scored[second]!.score });
    }
  }
  return pairs;
}

/** Least squares share of a state of that memory, and the loss against none. */
function shareAt(
  memoryNs: number,
  pairs: readonly Pair[],
  most: number,
): { readonly share: number; readonly loss: number } {
  let [ee, ep] = [0, 0];
  for (const { gapNs, product } of pairs) {
    const expected = Math.exp(-gapNs / memoryNs);
    ee += expected * expected;
    ep += expected * product;
  }
  const share = Math.min(most, Math.max(0, ep / ee));
  return { share, loss: share * share * ee - 2 * share * ep };
}

/** Infinity: it was interrupted, and tells nothing of the host. */
function scoreOf({ ratio, quantiles }: ShownLaunch): number {
  let at = 0;
  while (at < quantiles.length - 1 && quantiles[at + 1]![1] < ratio) at++;
  const [lowP, low] = quantiles[at]!;
  const [highP, high] = quantiles[Math.min(at + 1, quantiles.length - 1)]!;
  const share = high > low ? Math.min(1, Math.max(0, (ratio - low) / (high - low))) : 0.5;
  const place = (lowP + share * (highP - lowP)) / (1 - INTERRUPTED);
  return place > 1 ? Infinity : normalQuantile(Math.min(0.998, Math.max(0.002, place)));
}
