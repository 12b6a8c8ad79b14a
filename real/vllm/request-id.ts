/**
 * The id that a server gets with a request (X-Request-Id), and names it by in its log and spans: the workload's own id, made
 * unlike from run to run by the run's date.
 */
export function sentRequestId(date: string, requestId: string): string {
  return `${requestIdPrefix(date)}${encodeURIComponent(requestId)}`;
}

/** What all ids of a run begin with. */
export function requestIdPrefix(date: string): string {
  return `servesim-${date.replaceAll(/\D/g, "")}-`;
}
