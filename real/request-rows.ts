/** The requests of a real run of steps as rows of numbers, as step-rows.ts has its steps. */
import { defined, type RequestRecord, type WorkloadRequest } from "../formats/index.js";
import type { StepLog } from "../sim/index.js";

/** When a request entered the scheduler, ns since the run's start, and before which step. */
export interface Entry {
  readonly atNs: number;
  readonly step: number;
}

/** Numbers before the tokens; NaN: there is none. */
const COLUMNS = 14;

/** How a request ended, by number. */
const statuses = ["ok", "refused", "aborted"] as const;

/** Of a request that has ended: its tokens, or why it was rejected or given up, in units of UTF-16. */
export function requestRow(
  log: StepLog,
  index: number,
  { entry, tokens }: { readonly entry: Entry | undefined; readonly tokens: readonly number[] },
): number[] {
  const rejection = log.rejections.get(index);
  const abortion = log.abortions.get(index);
  const status = rejection !== undefined ? 1 : abortion !== undefined ? 2 : 0;
  const row = [index, status, log.arrivalNs[index]!, log.sentNs[index]!];
  row.push(log.scheduledNs[index]!, log.cachedTokens[index]!, log.firstTokenNs[index]!, log.lastTokenNs[index]!);
  row.push(log.promptTokens[index]!, log.outputTokens[index]!, log.preemptions[index]!);
  row.push(entry?.atNs ?? NaN, entry?.step ?? NaN, abortion?.atNs ?? NaN);
  const why = rejection ?? abortion?.reason;
  if (why === undefined) for (const token of tokens) row.push(token);
  else for (let at = 0; at < why.length; at++) row.push(why.charCodeAt(at));
  return row;
}

export interface EndedRequest {
  readonly record: RequestRecord;
  /** Among the attempts. */
  readonly index: number;
  readonly tokens: readonly number[];
}

/** `requests`: all attempts. */
export function requestOfRow(row: ArrayLike<number>, requests: readonly WorkloadRequest[]): EndedRequest {
  const columns = Array.from(row);
  const [index, statusNumber, arrivalNs, sentNs, scheduledNs, cachedTokens, firstTokenNs, lastTokenNs] = columns;
  const [promptTokens, outputTokens, preemptions, atNs, step, abortedNs] = columns.slice(8);
  const rest = columns.slice(COLUMNS);
  const { id, class: name, priority } = requests[index!]!;
  const known = (ns: number | undefined): number | undefined => (Number.isNaN(ns) ? undefined : ns);
  const entry = known(atNs) === undefined ? {} : entryColumns({ atNs: atNs!, step: step! }, priority);
  const aborted_ms = known(abortedNs) === undefined ? undefined : String(abortedNs! / 1e6);
  const extra = { ...defined({ class: name, aborted_ms }), ...entry };
  const status = statuses[statusNumber!]!;
  const record: RequestRecord = {
    ...{ requestId: id, arrivalNs: arrivalNs!, sentNs: sentNs! },
    ...(known(scheduledNs) === undefined ? {} : { scheduledNs: scheduledNs!, cachedTokens: cachedTokens! }),
    ...defined({ firstTokenNs: known(firstTokenNs), lastTokenNs: known(lastTokenNs) }),
    ...{ promptTokens: promptTokens!, outputTokens: outputTokens!, preemptions: preemptions! },
    ...(status === "ok" ? { status } : { status, error: rest.map((unit) => String.fromCharCode(unit)).join("") }),
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  };
  return { record, index: index!, tokens: status === "ok" ? rest : [] };
}

/** In the columns of recorded servers. */
function entryColumns({ atNs, step }: Entry, priority: number | undefined): Readonly<Record<string, string>> {
  return {
    engine_add_us: String(Math.round(atNs / 1e3)),
    engine_add_step: String(step),
    ...defined({ priority: priority?.toString() }),
  };
}
