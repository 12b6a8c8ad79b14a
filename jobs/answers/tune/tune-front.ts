/** Settings that no other is ahead of, in the goal and in the statistic beside it. */
import { isBetter, isMissed, isSurelyLower, rankOf, type Trial } from "./tune-trials.js";

export interface Beside {
  readonly name: string;
  /** By replication. */
  readonly values: readonly number[];
}

/** The statistic beside a goal: time per output token, or to the first one. Undefined: not every run has it. */
export function besideOf({ probes }: Trial, goal: string): Beside | undefined {
  if (probes === undefined) return undefined;
  const name = goal.endsWith("_tpot") || goal.endsWith("_itl") ? "mean_ttft_ms" : "mean_tpot_ms";
  const values = probes.flatMap(({ statistics }) => statistics[name] ?? []);
  return values.length < probes.length ? undefined : { name, values };
}

/** The best first, then by rank. Of settings that do the same, those with the fewest changes. */
export function frontOf(trials: readonly Trial[], best: Trial): Trial[] {
  const changes = (trial: Trial): number => Object.keys(trial.changes).length;
  const met = trials
    .filter((trial) => trial !== best && !isMissed(trial))
    .sort((a, b) => changes(a) - changes(b) || rankOf(a) - rankOf(b));
  const all = [best, ...met];
  const front = met.filter(
    (one, at) => !all.some((other, place) => isAhead(other, one) || (place <= at && isAlike(other, one))),
  );
  return [best, ...front.sort((a, b) => rankOf(a) - rankOf(b))];
}

/** Better in one, and not worse in the other as far as pairs show. */
function isAhead(a: Trial, b: Trial): boolean {
  const beside = besideVerdict(a, b);
  return !isBetter(b, a) && beside <= 0 && (isBetter(a, b) || beside < 0);
}

function isAlike(a: Trial, b: Trial): boolean {
  return !isBetter(a, b) && !isBetter(b, a) && besideVerdict(a, b) === 0;
}

/** Of the statistic beside the goal: -1 where `a` is better, 1 where `b` is, 0 where pairs show no difference. */
function besideVerdict(a: Trial, b: Trial): number {
  const [ofA, ofB] = [a, b].map((trial) => besideOf(trial, "")?.values.map(Math.log));
  if (ofA === undefined || ofB === undefined) return 0;
  if (isSurelyLower(ofA, ofB)) return -1;
  return isSurelyLower(ofB, ofA) ? 1 : 0;
}
