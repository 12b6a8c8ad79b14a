/** Which loads are sent to check an answer: below it, at it and above it, each long enough to show the goals. */
import { ConfigError, goalsText, type Answer } from "../../formats/index.js";
import { requestsToShow } from "../../sim/index.js";
import { mostRequests, type Deployment } from "../answers/index.js";

export interface LoadToSend {
  readonly x: number;
  readonly count: number;
}

/** Of the interval's ends: surely within the goals, and surely beyond. */
const BELOW = 0.8;
const ABOVE = 1.2;
export const MIN_LOADS = 3;
export const MAX_LOADS = 5;

/**
 * `seconds`: how long an open load is sent, about; `count`: requests of each, in place of that. In rising order. ConfigError
 * for runs that are too short for the goals.
 */
export function loadsAround(
  { value, interval }: Answer,
  deployment: Deployment,
  {
    loads,
    seconds,
    count: given,
  }: { readonly loads: number; readonly seconds: number; readonly count?: number | undefined },
): LoadToSend[] {
  const { low, high } = interval ?? { low: value!, high: value! };
  const all = [BELOW * low, ABOVE * high, value!, low, high].slice(0, loads).sort((a, b) => a - b);
  const isWhole = deployment.vary === "max_concurrency";
  const places = [...new Set(all.map((x) => (isWhole ? Math.max(1, Math.round(x)) : Number(x.toPrecision(4)))))];
  const needed = requestsToShow(deployment.goals);
  const most = mostRequests(deployment.source);
  return places.map((x) => {
    // A client of a closed loop answers for some ten requests.
    const wanted = given ?? Math.max(needed, Math.ceil(isWhole ? 10 * x : seconds * x));
    const count = Math.min(wanted, most);
    if (count >= needed) return { x, count };
    throw new ConfigError(
      `${count} requests are too few to show ${goalsText(deployment.goals)}: it takes at least ${needed} (--num-prompts)`,
    );
  });
}
