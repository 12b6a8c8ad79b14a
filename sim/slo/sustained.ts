/**
 * Whether a server keeps up: the number of requests in the system may grow by a share of what comes, beyond what chance adds,
 * which is a number of standard deviations of the difference between two moments, the number itself being Poisson's at least.
 */
export interface GoalValue {
  /** `p99_ttft`, `goodput`, `sustained`. */
  readonly name: string;
  /** ms; of goodput the share of the requests that met all limits; of `sustained` arrivals per answer. */
  readonly value: number;
  readonly limit: number;
  /** Above 1: the goal is missed. Continuous in the load, for goodput too. */
  readonly ratio: number;
  /** The value is no time: requests without an answer are in it. */
  readonly isUnanswered?: true;
}

const GROWTH_SHARE = 0.01;
const CHANCE = 3;

interface Flow {
  readonly came: number;
  readonly answered: number;
  /** Mean number of requests in the system. */
  readonly inSystem: number;
}

export function sustained({ came, answered, inSystem }: Flow): GoalValue {
  if (came === 0) return { name: "sustained", value: 0, limit: 1, ratio: 0 };
  const growth = GROWTH_SHARE * came + CHANCE * Math.sqrt(2 * inSystem);
  const value = came / Math.max(1, answered);
  const limit = came / Math.max(1, came - growth);
  return { name: "sustained", value, limit, ratio: value / limit };
}
