/**
 * What a load offers per second: the rate that it was asked for, where it was, else that of its times; and the stretch
 * in which it offers most, where its rate varies.
 */
import { defined, type Load, type Workload } from "../../formats/index.js";
import { busiestStretch, type Stretch, type Timeline } from "./busiest-stretch.js";
import type { Sized } from "./relative-work.js";

export interface Offered {
  readonly requestsPerS: number;
  /** Absent where the rate does not visibly vary. */
  readonly busiest?: Stretch;
}

interface FullServer {
  readonly requestsPerS: number;
  readonly serviceS: number;
  readonly workS: (request: Sized) => number;
}

/** Whether requests come at times of their own, and not all at one. */
export function isOpenLoop({ requests, sessions }: Workload): boolean {
  if (sessions !== undefined) return false;
  const firstNs = requests[0]?.arrivalNs;
  const lastNs = requests.at(-1)?.arrivalNs;
  return firstNs !== undefined && lastNs !== undefined && lastNs > firstNs;
}

/** Of an open loop. */
export function offeredLoad(input: { readonly load: Load; readonly workload: Workload }, server: FullServer): Offered {
  const { load, workload } = input;
  const isTrace = load.workload !== undefined && load.self_timed !== false;
  if (!isTrace && load.request_rate !== undefined) return { requestsPerS: load.request_rate };
  const { requests } = workload;
  if (!isTrace && load.ramp_up_strategy !== undefined) {
    // Its expected times: chance has no part in what was asked for, nor in what a request takes.
    const timesS = rampTimesS(requests.length, load);
    const worksS = new Float64Array(timesS.length).fill(1 / server.requestsPerS);
    return offeredBy({ timesS, worksS, isByChance: false }, server.serviceS);
  }
  const timesS = Float64Array.from(requests, ({ arrivalNs }) => arrivalNs! / 1e9);
  const worksS = Float64Array.from(requests, server.workS);
  return offeredBy({ timesS, worksS, isByChance: true }, server.serviceS);
}

function offeredBy(timeline: Timeline, serviceS: number): Offered {
  const { timesS } = timeline;
  const busiest = busiestStretch(timeline, serviceS);
  const requestsPerS = (timesS.length - 1) / (timesS.at(-1)! - timesS[0]!);
  return { requestsPerS, ...defined({ busiest }) };
}

/** When the requests of a ramp-up come if every gap is its mean. */
function rampTimesS(count: number, { ramp_up_strategy, ramp_up_start_rps, ramp_up_end_rps }: Load): Float64Array {
  const [start, end] = [ramp_up_start_rps!, ramp_up_end_rps!];
  let timeS = 0;
  return Float64Array.from({ length: count }, (_, index) => {
    const progress = index / Math.max(count - 1, 1);
    const perS = ramp_up_strategy === "linear" ? start + (end - start) * progress : start * (end / start) ** progress;
    return (timeS += 1 / perS);
  });
}
