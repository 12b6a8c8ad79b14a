/** Arrival times of open-loop clients, in whole nanoseconds from the start of the run. */
import { ConfigError } from "../../../formats/index.js";
import { exponential, gamma, type Random } from "../../kernel/index.js";

export interface ArrivalProcess {
  /** Requests per second; undefined or Infinity: all at time 0. */
  readonly ratePerS?: number | undefined;
  /** Shape of the gamma-distributed gaps, as vLLM's `--burstiness`: 1 is Poisson, smaller is burstier. */
  readonly burstiness: number;
  /** `constant`: equal gaps. */
  readonly kind: "gamma" | "constant";
  /** A rate that changes from request to request, instead of `ratePerS`. */
  readonly rampUp?: RampUp | undefined;
  /** As vLLM bench: all times scaled so that the last request comes exactly at count / rate. Not with a ramp-up. */
  readonly isRescaled?: boolean | undefined;
}

/** From the first request's rate to the last one's; by equal steps, or by equal factors. */
export interface RampUp {
  readonly strategy: "linear" | "exponential";
  readonly startPerS: number;
  readonly endPerS: number;
}

/** `count` arrival times, ascending. The first request of a rate-limited load comes after the first gap. */
export function arrivalTimesNs(count: number, process: ArrivalProcess, random: Random): number[] {
  const { ratePerS, burstiness, kind, rampUp, isRescaled = false } = process;
  if (rampUp === undefined && (ratePerS === undefined || ratePerS === Infinity))
    return new Array<number>(count).fill(0);
  for (const rate of rampUp === undefined ? [ratePerS!] : [rampUp.startPerS, rampUp.endPerS]) {
    if (!(rate > 0 && rate < Infinity))
      throw new ConfigError(`request rate is ${rate}, expected a number of requests/s above 0, or inf`);
  }
  if (!(burstiness > 0)) throw new ConfigError(`burstiness is ${burstiness}, expected a number above 0 (1 is Poisson)`);
  let timeNs = 0;
  const exactNs = Array.from({ length: count }, (_, index) => {
    const rate = rampUp === undefined ? ratePerS! : rampedRate(rampUp, index, count);
    timeNs += (1e9 / rate) * unitGap(kind, burstiness, random);
    return timeNs;
  });
  const factor = isRescaled && rampUp === undefined && timeNs > 0 ? (count * 1e9) / ratePerS! / timeNs : 1;
  if (timeNs * factor > Number.MAX_SAFE_INTEGER) {
    const rate = rampUp === undefined ? ratePerS! : Math.min(rampUp.startPerS, rampUp.endPerS);
    throw new ConfigError(`a request rate of ${rate}/s puts ${count} requests beyond 104 days, raise the rate`);
  }
  for (let index = 0; index < count; index++) exactNs[index] = Math.round(exactNs[index]! * factor);
  return exactNs;
}

function rampedRate({ strategy, startPerS, endPerS }: RampUp, index: number, count: number): number {
  const progress = index / Math.max(count - 1, 1);
  return strategy === "linear"
    ? startPerS + (endPerS - startPerS) * progress
    : startPerS * (endPerS / startPerS) ** progress;
}

function unitGap(kind: ArrivalProcess["kind"], burstiness: number, random: Random): number {
  if (kind === "constant") return 1;
  return burstiness === 1 ? exponential(random) : gamma(random, burstiness) / burstiness;
}
