/**
 * Whether a run against a server may be trusted: the client was on time, nothing failed, no warm-up is inside, there are
 * enough requests for what is asked. And what is worth knowing when it may.
 */
import type { RequestRecord, RunInfo } from "../../formats/index.js";
import { percentileIsShown } from "../../sim/index.js";
import { validity, type RunSurroundings } from "../validity.js";
import { countFailures, type FailureKind } from "./failure.js";
import type { SentExchange } from "./run-load.js";

export interface VerdictInput {
  readonly requests: readonly RequestRecord[];
  readonly exchanges: readonly SentExchange[];
  /** How late the client was, each time that it had something to do, ns. */
  readonly lagsNs: readonly number[];
  readonly around: RunSurroundings;
  /** Whether the server had answered requests before the run. */
  readonly isWarm: boolean;
  /** Percentiles that the run is for, 0 to 100. */
  readonly percentiles: readonly number[];
  readonly isStopped: boolean;
  readonly ignoreEos: boolean;
  readonly wantedTokens: (index: number) => number;
}

export interface Verdict {
  readonly valid: NonNullable<RunInfo["valid"]>;
  readonly notes: readonly string[];
  readonly failures: Partial<Record<FailureKind, number>>;
}

export function judge(input: VerdictInput): Verdict {
  const { requests, exchanges, isWarm, isStopped, percentiles, around } = input;
  const failures = countFailures(exchanges.map(({ failure }) => failure));
  // Others' load says nothing here: a server on this machine is one of the others.
  const { reasons } = validity(requests, input.lagsNs, undefined, around.eventLoop);
  if (isStopped) reasons.unshift("the run was stopped before its end");
  if (!isWarm) reasons.push("no request went before the run, so the server's warm-up is inside; send warm-up requests");
  const finished = requests.filter(({ status }) => status === "ok").length;
  const tooFew = percentiles.filter((p) => !percentileIsShown(p / 100, finished));
  if (tooFew.length > 0) {
    const names = tooFew.map((p) => `P${p}`).join(", ");
    reasons.push(`${finished} finished requests are too few for ${names}`);
  }
  const notes = [...failureNotes(failures), ...lengthNotes(input)];
  return { valid: { ok: reasons.length === 0, reasons }, notes, failures };
}

/** How late each request was written, ns; one that found no connection counts from when it was handed over. */
export function sendLagsNs(exchanges: readonly SentExchange[]): number[] {
  return exchanges.map(({ sentNs, queuedNs, intendedNs }) => Math.max(0, (sentNs ?? queuedNs) - intendedNs));
}

function failureNotes(failures: Verdict["failures"]): string[] {
  const kinds = Object.entries(failures).map(([kind, count]) => `${count} ${kind}`);
  return kinds.length === 0 ? [] : [`failures by kind: ${kinds.join(", ")}; none was sent again`];
}

function lengthNotes({ exchanges, ignoreEos, wantedTokens }: VerdictInput): string[] {
  const wrong = exchanges.filter(
    ({ failure, outputTokens, index }) => failure === undefined && outputTokens !== wantedTokens(index),
  ).length;
  if (wrong === 0) return [];
  return [
    ignoreEos
      ? `${wrong} answers do not have the requested length, although ignore_eos was set`
      : `${wrong} answers ended before the requested length`,
  ];
}
