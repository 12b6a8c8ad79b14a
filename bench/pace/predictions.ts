/** What each way to measure the pace predicts of a round, by what other rounds took. Errors are fractions. */
import { loadLinearSolver, nnls } from "../../calibrate/fit/numerics/index.js";
import { median } from "../../sim/index.js";

/** A batch or a step: rows that decode, tokens of all prompts, decode steps. */
export interface Shape {
  readonly rows: number;
  readonly tokens: number;
  readonly steps: number;
}

export interface Round {
  /** Times of the references, and of each other shape, ms. */
  readonly small: readonly number[];
  readonly large: readonly number[];
  readonly times: ReadonlyMap<Shape, number>;
}

export const ways = [
  "none: the usual times",
  "the small reference",
  "the large reference",
  "the mean of both",
  "base from one, work from the other",
] as const;
export type Way = (typeof ways)[number];

/** Rounds are dealt to so many folds; a fold is predicted by the others. */
export const FOLDS = 3;

/** Absolute errors of each way, over all rounds and shapes. */
export async function predictions(
  rounds: readonly Round[],
  references: { readonly small: Shape; readonly large: Shape },
): Promise<Readonly<Record<Way, readonly number[]>>> {
  const errors: Record<Way, number[]> = {
    "none: the usual times": [],
    "the small reference": [],
    "the large reference": [],
    "the mean of both": [],
    "base from one, work from the other": [],
  };
  for (let fold = 0; fold < FOLDS; fold++) {
    const known = rounds.filter((_, at) => at % FOLDS !== fold);
    const usual = usualTimes(known);
    const baseShare = await baseShares(usual.times);
    for (const round of rounds.filter((_, at) => at % FOLDS === fold)) {
      const paces = pacesOf(round, usual, { small: baseShare(references.small), large: baseShare(references.large) });
      for (const [shape, realMs] of round.times) {
        const share = baseShare(shape);
        for (const way of ways) {
          const { base, work } = paces[way];
          const modelMs = usual.times.get(shape)! * (share * base + (1 - share) * work);
          errors[way].push(Math.abs(modelMs / realMs - 1));
        }
      }
    }
  }
  return errors;
}

interface Usual {
  readonly small: number;
  readonly large: number;
  readonly times: ReadonlyMap<Shape, number>;
}

function usualTimes(rounds: readonly Round[]): Usual {
  const shapes = [...rounds[0]!.times.keys()];
  return {
    small: median(rounds.map(({ small }) => median(small))),
    large: median(rounds.map(({ large }) => median(large))),
    times: new Map(shapes.map((shape) => [shape, median(rounds.map(({ times }) => times.get(shape)!))])),
  };
}

/** Half of the repeats of each where both are used, so that each way takes as long. */
function pacesOf(
  { small, large }: Round,
  usual: Usual,
  shares: { readonly small: number; readonly large: number },
): Readonly<Record<Way, { readonly base: number; readonly work: number }>> {
  const half = (times: readonly number[]): number => median(times.slice(0, times.length / 2));
  const one = (pace: number) => ({ base: pace, work: pace });
  const [a, b] = [half(small) / usual.small, half(large) / usual.large];
  // share * base + (1 - share) * work is the pace of each reference.
  const determinant = shares.small - shares.large;
  return {
    "none: the usual times": one(1),
    "the small reference": one(median(small) / usual.small),
    "the large reference": one(median(large) / usual.large),
    "the mean of both": one((a + b) / 2),
    "base from one, work from the other": {
      base: (a * (1 - shares.large) - b * (1 - shares.small)) / determinant,
      work: (shares.small * b - shares.large * a) / determinant,
    },
  };
}

/** What of a shape's time is there whatever it holds: a base for a prompt and for each decode step, beside what grows with rows and tokens. */
async function baseShares(usual: ReadonlyMap<Shape, number>): Promise<(shape: Shape) => number> {
  const solver = await loadLinearSolver();
  const quantities = ({ rows, tokens, steps }: Shape): number[] => [1, steps, tokens, rows * steps];
  const design = [...usual].map(([shape, ms]) => quantities(shape).map((quantity) => quantity / ms));
  const costs = nnls(
    design,
    design.map(() => 1),
    solver,
  );
  return (shape) => {
    const [once, perStep, tokens, rows] = quantities(shape).map((quantity, at) => quantity * costs[at]!);
    return (once! + perStep!) / (once! + perStep! + tokens! + rows!);
  };
}
