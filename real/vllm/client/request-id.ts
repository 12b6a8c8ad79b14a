/**
 * The id that a server gets with a request (X-Request-Id), and names it by in its log and spans: the workload's own id,
 * made unique to the run by its date.
 */
import { wellFormed } from "../../../formats/index.js";

export function sentRequestId(date: string, requestId: string): string {
  return withPrefix(requestIdPrefix(date), requestId);
}

/** What all ids of a run begin with. */
export function requestIdPrefix(date: string): string {
  return `servesim-${date.replaceAll(/\D/g, "")}-`;
}

/** As sentRequestId, with the prefix at hand. A lone surrogate, which no header can hold, goes as U+FFFD. */
export function withPrefix(prefix: string, requestId: string): string {
  return `${prefix}${encodeURIComponent(wellFormed(requestId))}`;
}
