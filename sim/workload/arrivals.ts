/** Arrival times of open-loop clients, in whole nanoseconds from the start of the run. */
import { ConfigError } from "../../formats/index.js";
import { exponential, gamma, type Random } from "../kernel/index.js";

export interface ArrivalProcess {
  /** Requests per second; undefined or Infinity: all at time 0. */
  readonly ratePerS?: number | undefined;
  /** Shape of the gamma-distributed gaps, as vLLM's `--burstiness`: 1 is Poisson, smaller is burstier. */
  readonly burstiness: number;
  /** `constant`: equal gaps. */
  readonly kind: "gamma" | "constant";
}

/** `count` arrival times, ascending. The first request of a rate-limited load comes after the first gap. */
export function arrivalTimesNs(count: number, process: ArrivalProcess, random: Random): number[] {
  const { ratePerS, burstiness, kind } = process;
  if (ratePerS === undefined || ratePerS === Infinity) return Array.from({ length: count }, () => 0);
  if (!(ratePerS > 0))
    throw new ConfigError(`request rate is ${ratePerS}, expected a number of requests/s above 0, or inf`);
  if (!(burstiness > 0)) throw new ConfigError(`burstiness is ${burstiness}, expected a number above 0 (1 is Poisson)`);
  const meanGapNs = 1e9 / ratePerS;
  let timeNs = 0;
  return Array.from({ length: count }, () => {
    timeNs += meanGapNs * unitGap(kind, burstiness, random);
    if (timeNs > Number.MAX_SAFE_INTEGER) {
      throw new ConfigError(`a request rate of ${ratePerS}/s puts ${count} requests beyond 104 days, raise the rate`);
    }
    return Math.round(timeNs);
  });
}

function unitGap(kind: ArrivalProcess["kind"], burstiness: number, random: Random): number {
  if (kind === "constant") return 1;
  return burstiness === 1 ? exponential(random) : gamma(random, burstiness) / burstiness;
}
