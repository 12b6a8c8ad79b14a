/** What one of several replicas gets of an open load: every n-th request, as a router in turn deals them; of a trace, in its busiest stretch. */
import type { Workload, WorkloadRequest } from "../../../formats/index.js";

export interface ShareCut {
  readonly replicas: number;
  /** Absent: all the time. */
  readonly stretch?: Stretch;
}

/** The stretch that brings most tokens per second. */
export interface Stretch {
  /** How long it is; absent: as short as it may be. */
  readonly seconds?: number | undefined;
  /** Requests that it has at least. */
  readonly least: number;
}

/** Times count from the start of the stretch. */
export function shareOf(workload: Workload, { replicas, stretch }: ShareCut): Workload {
  const taken = stretch === undefined ? workload.requests : busiest(workload.requests, stretch);
  const fromNs = stretch === undefined ? 0 : (taken[0]?.arrivalNs ?? 0);
  const requests = taken
    .filter((_, index) => index % replicas === 0)
    .map((request) => ({ ...request, arrivalNs: (request.arrivalNs ?? 0) - fromNs }));
  return { ...workload, requests };
}

function busiest(requests: readonly WorkloadRequest[], { seconds = 0, least }: Stretch): readonly WorkloadRequest[] {
  const { length } = requests;
  const fewest = Math.min(least, length);
  const widthNs = seconds * 1e9;
  const atNs = (index: number): number => requests[index]!.arrivalNs ?? 0;
  let best = { from: 0, to: length, tokensPerNs: -1 };
  let tokens = 0;
  for (let from = 0, to = 0; from + fewest <= length; from++) {
    while (to < length && (to - from < fewest || atNs(to) - atNs(from) < widthNs)) tokens += tokensOf(requests[to++]!);
    const lastedNs = Math.max(widthNs, atNs(to - 1) - atNs(from), 1);
    if (tokens / lastedNs > best.tokensPerNs) best = { from, to, tokensPerNs: tokens / lastedNs };
    tokens -= tokensOf(requests[from]!);
  }
  return requests.slice(best.from, best.to);
}

function tokensOf({ promptTokens, outputTokens }: WorkloadRequest): number {
  return promptTokens + outputTokens;
}
