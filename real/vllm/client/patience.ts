/**
 * Clients that give up and try again, against a server: by the same patience, pauses and rules as in simulations
 * (ImpatientClient). A client that gives up closes its connection.
 */
import { realClock } from "../../clock.js";
import type { Workload, WorkloadRequest } from "../../../formats/index.js";
import { isLastAttempt, type ImpatientClient } from "../../../sim/index.js";
import type { Failure } from "../access/index.js";
import type { Exchange, Sending } from "./send-request.js";

/** Longest time that a timer takes, ms; a request that long has timed out. */
const LONGEST_MS = 2 ** 31 - 1;

/** Has the request given up when its client's patience is over; returns what ends the wait. `index`: of the attempt. */
export function watchPatience(
  sending: Sending,
  request: WorkloadRequest,
  index: number,
  client: ImpatientClient,
): () => void {
  const sentNs = realClock.nowNs();
  const waits = [request.ttftPatienceNs, request.e2elPatienceNs].flatMap((patienceNs) => {
    const ms = Math.ceil((patienceNs ?? Infinity) / 1e6);
    if (ms > LONGEST_MS) return [];
    const look = (): void => {
      // A timer may be a little early.
      const nowNs = Math.max(realClock.nowNs(), sentNs + patienceNs!);
      const message = client.reasonAt(index, nowNs, { sentNs, firstTokenNs: sending.firstChunkNs });
      if (message !== undefined) sending.abort({ kind: "gave_up", message });
    };
    return [setTimeout(look, ms)];
  });
  return () => {
    for (const wait of waits) clearTimeout(wait);
  };
}

/** Whether the client tries such a request again, as in simulations: after it gave up, or an HTTP 503. */
export function mayPass(failure: Failure | undefined): boolean {
  return failure?.kind === "gave_up" || failure?.status === 503;
}

/** Whether this attempt was a request's last. */
export function isLast(
  { index, failure }: Pick<Exchange, "failure"> & { readonly index: number },
  workload: Workload,
): boolean {
  return !mayPass(failure) || isLastAttempt(workload, index);
}
