/** Runs of probes, one after another, as one run on one clock: the form in which recordings hold their probes. */
import { greatest, type RequestRecord, type Run, type RunInfo } from "../../formats/index.js";
import { quantileOf } from "../../sim/index.js";

/** Idle time put between two runs. */
const GAP_NS = 50e6;
/** Columns with times from the run's start, ms; others count from the request's sending. */
const timeColumns = ["queued_ms", "headers_ms", "failed_ms"];

/** What run.json says that holds for one run alone. */
const ofOneRun = ["summary", "from_sent", "client", "notes"];

/** Notes and reasons of all; `info` otherwise as in the first. At least one run. */
export function mergeRuns(runs: readonly Run[]): Run {
  const requests: RequestRecord[] = [];
  let startNs = 0;
  for (const run of runs) {
    for (const request of run.requests) requests.push(shifted(request, startNs));
    startNs = GAP_NS + Math.max(startNs, greatest(requests.slice(-run.requests.length).map(endNs)));
  }
  const info = Object.fromEntries(
    Object.entries(runs[0]!.info).filter(([name]) => !ofOneRun.includes(name)),
  ) as RunInfo;
  const reasons = reasonsOf(runs);
  const notes = unique(runs.flatMap(({ info: { notes: own } }) => own ?? []));
  const lags = requests.flatMap(({ sentNs, arrivalNs }) => (sentNs === undefined ? [] : [(sentNs - arrivalNs) / 1e6]));
  return {
    info: {
      ...info,
      requests: requests.length,
      client_lag_ms_p99: lags.length === 0 ? null : Number(quantileOf(lags, 0.99).toFixed(3)),
      merged_chunks: runs.reduce((sum, run) => sum + Number(run.info.merged_chunks ?? 0), 0),
      valid: { ok: reasons.length === 0, reasons },
      ...(notes.length > 0 ? { notes } : {}),
    },
    requests,
    batches: [],
  };
}

const MAX_LAG_P99_MS = 5;

/** Each reason once; a late client, whose figures differ from run to run, as counts. */
function reasonsOf(runs: readonly Run[]): string[] {
  const others = unique(runs.flatMap(({ info: { valid } }) => valid?.reasons ?? [])).filter(
    (reason) => !/^the client (lagged|was held up):/.test(reason),
  );
  const counted = (what: string, delaysMs: readonly number[]): string[] => {
    const late = delaysMs.filter((delayMs) => delayMs > MAX_LAG_P99_MS).length;
    if (late === 0) return [];
    const worst = greatest(delaysMs).toFixed(1);
    return [
      `${what} in ${late} of ${runs.length} groups, at worst a P99 of ${worst} ms, at most ${MAX_LAG_P99_MS} ms is valid`,
    ];
  };
  return [
    ...others,
    ...counted(
      "the client lagged",
      runs.map(({ info }) => Number(info.client_lag_ms_p99 ?? 0)),
    ),
    ...counted("the client's event loop was held up", runs.map(loopDelayMs)),
  ];
}

function loopDelayMs({ info }: Run): number {
  const { client } = info as { client?: { event_loop_delay_ms?: { p99?: number } } };
  return client?.event_loop_delay_ms?.p99 ?? 0;
}

function shifted(request: RequestRecord, byNs: number): RequestRecord {
  const { sentNs, firstTokenNs, lastTokenNs, extra } = request;
  const moved = Object.entries(extra ?? {}).map(([name, text]): [string, string] =>
    timeColumns.includes(name) && text !== "" ? [name, String(Number(text) + byNs / 1e6)] : [name, text],
  );
  return {
    ...request,
    arrivalNs: request.arrivalNs + byNs,
    ...(sentNs === undefined ? {} : { sentNs: sentNs + byNs }),
    ...(firstTokenNs === undefined ? {} : { firstTokenNs: firstTokenNs + byNs }),
    ...(lastTokenNs === undefined ? {} : { lastTokenNs: lastTokenNs + byNs }),
    ...(extra === undefined ? {} : { extra: Object.fromEntries(moved) }),
  };
}

function endNs({ arrivalNs, sentNs, lastTokenNs, extra }: RequestRecord): number {
  const failedNs = Number(extra?.failed_ms ?? "0") * 1e6;
  return Math.max(arrivalNs, sentNs ?? 0, lastTokenNs ?? 0, failedNs);
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}
