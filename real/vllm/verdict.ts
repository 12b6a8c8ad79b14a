/**
 * Whether a run against a server may be trusted: the client was on time, nothing failed, no warm-up is inside, there are
 * enough requests for what is asked. And what is worth knowing when it may.
 */
import type { RequestRecord, Run, RunInfo } from "../../formats/index.js";
import { columnsIn, percentileIsShown } from "../../sim/index.js";
import type { RunSurroundings } from "../surroundings.js";
import { validity } from "../validity.js";
import type { SeenLoad } from "./seen-load.js";

export interface VerdictInput {
  readonly run: Run;
  readonly seen: Pick<SeenLoad, "failures" | "wrongLengths">;
  /** How late the client was, each time that it had something to do, ns. */
  readonly lagsNs: Float64Array;
  readonly around: RunSurroundings;
  /** Whether the server had answered requests before the run. */
  readonly isWarm: boolean;
  /** Percentiles that the run is for, 0 to 100. */
  readonly percentiles: readonly number[];
  readonly isStopped: boolean;
  readonly ignoreEos: boolean;
  /** Clients sent again what failed in a way that may pass. */
  readonly isRetried: boolean;
}

export interface Verdict {
  readonly valid: NonNullable<RunInfo["valid"]>;
  readonly notes: readonly string[];
}

export function judge(input: VerdictInput): Verdict {
  const { run, isWarm, isStopped, percentiles, around } = input;
  const { ok } = columnsIn(run);
  const finished = ok.reduce((count, one) => count + one, 0);
  // Others' load says nothing here: a server on this machine is one of the others.
  const { reasons } = validity(failedIn(run), input.lagsNs, undefined, around.eventLoop);
  if (isStopped) reasons.unshift("the run was stopped before its end");
  if (!isWarm) reasons.push("no request went before the run, so the server's warm-up is inside; send warm-up requests");
  const tooFew = percentiles.filter((p) => !percentileIsShown(p / 100, finished));
  if (tooFew.length > 0) {
    const names = tooFew.map((p) => `P${p}`).join(", ");
    reasons.push(`${finished} finished requests are too few for ${names}`);
  }
  return { valid: { ok: reasons.length === 0, reasons }, notes: [...failureNotes(input), ...lengthNotes(input)] };
}

/** The records of requests that were rejected or failed. */
function* failedIn(run: Run): Generator<RequestRecord> {
  const { table } = run;
  if (table === undefined) yield* run.requests.filter(({ status }) => status !== "ok");
  else for (let row = 0; row < table.rows; row++) if (table.ok[row] === 0) yield table.record(row);
}

function failureNotes({ seen, isRetried }: VerdictInput): string[] {
  const kinds = Object.entries(seen.failures).map(([kind, count]) => `${count} ${kind}`);
  const again = isRetried ? "only those of HTTP 503 were sent again" : "none was sent again";
  return kinds.length === 0 ? [] : [`failures by kind: ${kinds.join(", ")}; ${again}`];
}

function lengthNotes({ seen, ignoreEos }: VerdictInput): string[] {
  const { wrongLengths: wrong } = seen;
  if (wrong === 0) return [];
  return [
    ignoreEos
      ? `${wrong} answers do not have the requested length, although ignore_eos was set`
      : `${wrong} answers ended before the requested length`,
  ];
}
