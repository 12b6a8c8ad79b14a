/** Two or more ways to do the same, in turn within one process: their ratio holds on a machine whose speed varies. */
import { median } from "../../sim/index.js";

/** Rounds: one of each way. Each way resolves with what it took, in any unit; the times of each, without the first round's. */
export async function interleaved<Name extends string>(
  rounds: number,
  ways: Readonly<Record<Name, () => Promise<number>>>,
): Promise<Readonly<Record<Name, readonly number[]>>> {
  const names = Object.keys(ways) as Name[];
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = 0; round <= rounds; round++) {
    for (const name of names) {
      const time = await ways[name]();
      if (round > 0) times[name].push(time);
    }
  }
  return times;
}

/** The median over the rounds of one time over another of the same round. */
export function medianRatio(above: readonly number[], below: readonly number[]): number {
  return median(above.map((time, round) => time / below[round]!));
}
