/** Changes of a trace's times: a slice of it, other speed, another mean rate. Requests are in order of arrival. */
import { ConfigError, LATEST_MS, type WorkloadRequest } from "../../../formats/index.js";

export interface TraceSlice {
  readonly startNs?: number | undefined;
  /** Not included. */
  readonly endNs?: number | undefined;
}

/** The requests that arrive in the slice, with times from its start. ConfigError when there are none. */
export function sliceOf(requests: readonly WorkloadRequest[], slice: TraceSlice): readonly WorkloadRequest[] {
  const { startNs = 0, endNs = Infinity } = slice;
  if (startNs === 0 && endNs === Infinity) return requests;
  const inside = requests.filter(({ arrivalNs = 0 }) => arrivalNs >= startNs && arrivalNs < endNs);
  if (inside.length === 0) {
    const lastS = (requests.at(-1)?.arrivalNs ?? 0) / 1e9;
    const until = endNs === Infinity ? "on" : `to ${endNs / 1e9} s`;
    throw new ConfigError(
      `no request arrives from ${startNs / 1e9} s ${until}, and the trace ends at ${lastS} s: change slice_start or slice_end`,
    );
  }
  return startNs === 0 ? inside : moved(inside, (arrivalNs) => arrivalNs - startNs);
}

/** Times multiplied by `factor`: 2 takes twice as long, at half the rate. */
export function timeScaled(requests: readonly WorkloadRequest[], factor: number): readonly WorkloadRequest[] {
  return factor === 1 ? requests : moved(requests, (arrivalNs) => arrivalNs * factor);
}

/** Mean rate, requests/s: gaps between requests over the time from the first to the last; undefined without any time. */
export function meanRatePerS(requests: readonly WorkloadRequest[]): number | undefined {
  const spanNs = (requests.at(-1)?.arrivalNs ?? 0) - (requests[0]?.arrivalNs ?? 0);
  return spanNs > 0 ? ((requests.length - 1) * 1e9) / spanNs : undefined;
}

/** Times from the first request's on scaled so that the mean rate is `ratePerS`: the pattern and the first stay. */
export function scaledToRate(requests: readonly WorkloadRequest[], ratePerS: number): readonly WorkloadRequest[] {
  const rate = meanRatePerS(requests);
  if (rate === undefined) {
    throw new ConfigError(
      `a trace of ${requests.length} request(s) at one instant has no rate to scale to ${ratePerS}/s; set self_timed: false ` +
        "and request_rate",
    );
  }
  const firstNs = requests[0]?.arrivalNs ?? 0;
  return moved(requests, (arrivalNs) => firstNs + (arrivalNs - firstNs) * (rate / ratePerS));
}

function moved(requests: readonly WorkloadRequest[], change: (arrivalNs: number) => number): WorkloadRequest[] {
  const lastNs = change(requests.at(-1)?.arrivalNs ?? 0);
  if (lastNs > LATEST_MS * 1e6) {
    const endS = Number((lastNs / 1e9).toPrecision(6));
    throw new ConfigError(
      `the trace would end ${endS === Infinity ? "never" : `at ${endS} s`}, expected at most 104 days: raise trace_rate, or lower time_scale`,
    );
  }
  return requests.map((request) => ({ ...request, arrivalNs: Math.round(change(request.arrivalNs ?? 0)) }));
}
