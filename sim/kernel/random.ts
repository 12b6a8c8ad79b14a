/**
 * Seeded random streams and the few distributions that workloads need. One stream per purpose, named
 * `${seed}/${replication}/${purpose}`, so that two policies see the same arrivals and lengths.
 */
import seedrandom from "seedrandom";

/** Uniform numbers in [0, 1) with 53 bits. */
export type Random = () => number;

/** The stream of that name: the same name gives the same numbers on every machine. */
export function stream(name: string): Random {
  const generator = seedrandom.alea(name);
  return () => generator.double();
}

/** Exponential with mean 1. */
export function exponential(random: Random): number {
  return -Math.log1p(-random());
}

/** Standard normal, by Box and Muller (one of the pair is used, so a draw always costs two uniforms). */
export function normal(random: Random): number {
  return Math.sqrt(2 * exponential(random)) * Math.cos(2 * Math.PI * random());
}

/** Gamma of that shape and scale 1. Marsaglia and Tsang, ACM TOMS 26 (2000); shapes below 1 by their boost. */
export function gamma(random: Random, shape: number): number {
  if (shape < 1) return gamma(random, shape + 1) * Math.pow(1 - random(), 1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = normal(random);
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - random()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}

/** The values in a random order: by a key drawn for each. */
export function shuffled<Value>(values: readonly Value[], random: Random): Value[] {
  return values
    .map((value) => ({ value, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ value }) => value);
}
