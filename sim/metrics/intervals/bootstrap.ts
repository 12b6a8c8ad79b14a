/**
 * Percentile bootstrap (Efron 1979): draw n of n units with replacement, many times, and take the middle 95 % of what a
 * statistic gives. Deterministic: the draws come from a named stream. Units are drawn as if independent of each other.
 */
import { InvariantError } from "../../../formats/index.js";
import { stream } from "../../kernel/index.js";
import { quantile } from "../statistics/index.js";

export type Interval = readonly [low: number, high: number];

export interface BootstrapOptions {
  /** Name of the random stream: the same name gives the same draws. */
  readonly name: string;
  /** How many resamples; default 1000. */
  readonly resamples?: number | undefined;
  /** Probability that the interval covers; default 0.95. */
  readonly level?: number | undefined;
}

/**
 * Interval of one statistic of n units. The statistic gets how often each unit was drawn and must not keep the array;
 * if it returns null, the resample is left out. Null for fewer than two units, or when no resample gave a number.
 */
export function bootstrapInterval(
  n: number,
  statistic: (draws: Uint32Array) => number | null,
  options: BootstrapOptions,
): Interval | null {
  return bootstrapIntervals(n, (draws) => [statistic(draws)], options)[0] ?? null;
}

/** Intervals of several statistics from the same resamples, in the order in which `statistics` returns them. */
export function bootstrapIntervals(
  n: number,
  statistics: (draws: Uint32Array) => readonly (number | null)[],
  options: BootstrapOptions,
): readonly (Interval | null)[] {
  const { name, resamples = 1000, level = 0.95 } = options;
  if (!Number.isInteger(resamples) || resamples < 1) {
    throw new InvariantError(`bootstrap "${name}" with ${resamples} resamples, expected a whole number from 1`);
  }
  if (!(level > 0 && level < 1)) {
    throw new InvariantError(`bootstrap "${name}" at level ${level}, expected between 0 and 1`);
  }
  if (n < 2) return [];
  const random = stream(name);
  const draws = new Uint32Array(n);
  const collected: number[][] = [];
  for (let resample = 0; resample < resamples; resample++) {
    draws.fill(0);
    for (let i = 0; i < n; i++) {
      const unit = Math.floor(random() * n);
      draws[unit] = draws[unit]! + 1;
    }
    statistics(draws).forEach((value, index) => {
      const values = (collected[index] ??= []);
      if (value !== null) values.push(value);
    });
  }
  return collected.map((values) => middle(values, level));
}

function middle(values: readonly number[], level: number): Interval | null {
  if (values.length === 0) return null;
  const sorted = Float64Array.from(values).sort();
  return [quantile(sorted, (1 - level) / 2), quantile(sorted, (1 + level) / 2)];
}
