/**
 * Minimises a function of several variables that is rough, as a simulation's error is: a population is drawn around a mean,
 * its better half moves the mean and the widths. Only ranks count, and no single point, so roughness does not hold it where
 * it would a simplex. CMA-ES with a diagonal covariance: Ros and Hansen, "A simple
 * modification in CMA-ES achieving linear time and space complexity" (2008), constants as there. Deterministic by name.
 */
import { norm } from "../../../formats/index.js";
import { normal, stream } from "../../../sim/index.js";

export interface EvolutionOptions {
  /** Standard deviation of the first population along each variable. */
  readonly size: readonly number[];
  readonly evaluations: number;
  /** Of the random numbers. */
  readonly name: string;
  /** How many are drawn at a time; the more, the more noise it takes. */
  readonly population: number;
}

/** The mean of the last population. */
export function evolve(
  of: (x: readonly number[]) => number,
  start: readonly number[],
  { size, evaluations, name, population }: EvolutionOptions,
): readonly number[] {
  const n = start.length;
  const random = stream(name);
  const kept = population >> 1;
  const raw = Array.from({ length: kept }, (_, rank) => Math.log((population + 1) / 2) - Math.log(rank + 1));
  const sum = raw.reduce((a, b) => a + b, 0);
  const weights = raw.map((weight) => weight / sum);
  const effective = 1 / weights.reduce((a, weight) => a + weight * weight, 0);
  const stepMemory = (effective + 2) / (n + effective + 3);
  const stepDamping = 1 + 2 * Math.max(0, Math.sqrt((effective - 1) / (n + 1)) - 1) + stepMemory;
  const pathMemory = 4 / (n + 4);
  const gainOf = (memory: number): number => Math.sqrt(memory * (2 - memory) * effective);
  const [stepGain, pathGain] = [gainOf(stepMemory), gainOf(pathMemory)];
  const rankMu = Math.min(1, (2 * (effective - 2 + 1 / effective)) / ((n + 2) ** 2 + effective));
  const rankOne = 2 / ((n + 1.3) ** 2 + effective);
  const scale = (n + 2) / 3;
  const [learnOne, learnMu] = [Math.min(0.5, rankOne * scale), Math.min(0.5, rankMu * scale)];
  const expectedNorm = Math.sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n));
  let mean = [...start];
  let variances = size.map((one) => one * one);
  let step = 1;
  let stepPath = start.map(() => 0);
  let path = start.map(() => 0);
  const generations = Math.max(1, Math.floor(evaluations / population));
  for (let generation = 0; generation < generations; generation++) {
    const widths = variances.map(Math.sqrt);
    const drawn = Array.from({ length: population }, () => {
      const z = start.map(() => normal(random));
      const x = mean.map((at, i) => at + step * widths[i]! * z[i]!);
      return { z, value: of(x) };
    });
    drawn.sort((a, b) => a.value - b.value);
    const moved = start.map((_, i) => weights.reduce((total, weight, rank) => total + weight * drawn[rank]!.z[i]!, 0));
    mean = mean.map((at, i) => at + step * widths[i]! * moved[i]!);
    stepPath = stepPath.map((at, i) => (1 - stepMemory) * at + stepGain * moved[i]!);
    path = path.map((at, i) => (1 - pathMemory) * at + pathGain * widths[i]! * moved[i]!);
    variances = variances.map((variance, i) => {
      const ofRanks = weights.reduce((total, weight, rank) => total + weight * drawn[rank]!.z[i]! ** 2, 0);
      return (1 - learnOne - learnMu) * variance + learnOne * path[i]! ** 2 + learnMu * variance * ofRanks;
    });
    step *= Math.exp((stepMemory / stepDamping) * (norm(stepPath) / expectedNorm - 1));
  }
  return mean;
}
