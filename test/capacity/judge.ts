/** A case loaded at its share of the true capacity, and what servesim says of it. */
import type { Load, Workload, WorkloadRequest } from "../../formats/index.js";
import { capacityOf, exponential, stream, workloadFromLengths } from "../../sim/index.js";
import type { CapacityCase } from "./cases.js";
import { grows, inputOf, trueCapacityPerS } from "./truth.js";

/** Of a surge: share of capacity before and after it, and the share of all requests that come in it. */
const CALM = 0.6;
const IN_SURGE = 0.4;

export interface Judged {
  readonly given: CapacityCase;
  readonly truePerS: number;
  readonly toldPerS: number | null;
  readonly expected: string;
  readonly told: string;
  /** Whether a long open loop at the rate of the load, or of its surge, grows or not as it should. */
  readonly isBorneOut: boolean;
}

export function judge(given: CapacityCase): Judged {
  const truePerS = trueCapacityPerS(given);
  const ratePerS = given.utilisation * truePerS;
  const { load, workload } = given.kind === "steady" ? steady(given, ratePerS) : surge(given, truePerS);
  const capacity = capacityOf({ ...inputOf(given), load, workload });
  const isKnown = !("reason" in capacity);
  return {
    given,
    truePerS,
    toldPerS: isKnown ? capacity.requests_per_s : null,
    expected: given.utilisation > 1 ? "above" : given.utilisation >= 0.9 ? "near" : "below",
    told: isKnown ? capacity.verdict : capacity.reason,
    isBorneOut: grows(given, ratePerS) === given.utilisation > 1,
  };
}

interface Loaded {
  readonly load: Load;
  readonly workload: Workload;
}

function steady({ load, requests, seed }: CapacityCase, ratePerS: number): Loaded {
  const rated = { ...load, num_prompts: requests, request_rate: ratePerS };
  return { load: rated, workload: workloadFromLengths(rated, seed) };
}

/** A trace of the case's lengths, as a file would give it. */
function surge({ load, requests: count, seed, utilisation }: CapacityCase, truePerS: number): Loaded {
  const { requests } = workloadFromLengths({ ...load, num_prompts: count }, seed);
  const random = stream(`${seed}/0/surge`);
  const [first, last] = [1 - IN_SURGE, 1 + IN_SURGE].map((share) => Math.floor((share / 2) * count)) as [
    number,
    number,
  ];
  const gaps = requests.map(() => exponential(random));
  // Each part has its mean rate exactly: what a part offers is known, not drawn.
  const parts = [gaps.slice(0, first), gaps.slice(first, last), gaps.slice(last)].map((part, at) => {
    const scale = part.length / part.reduce((sum, gap) => sum + gap, 0);
    return part.map((gap) => (scale * gap) / ((at === 1 ? utilisation : CALM) * truePerS));
  });
  let timeS = 0;
  const gapsS = parts.flat();
  const timed = requests.map((request, index): WorkloadRequest => ({
    ...request,
    arrivalNs: Math.round((timeS += gapsS[index]!) * 1e9),
  }));
  return {
    load: { ...load, workload: "surge.csv" },
    workload: { requests: timed, maxConcurrency: Infinity, thinkNs: 0 },
  };
}
