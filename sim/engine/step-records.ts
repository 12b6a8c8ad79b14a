/** The records of a step log, made only when they are needed one by one. */
import type { RequestRecord, RequestTable } from "../../formats/index.js";
import type { StepLog } from "./step-log.js";

/** The log as a table; its columns are the log's own. */
export function tableOf(log: StepLog): RequestTable {
  return {
    rows: log.rows,
    arrivalNs: log.arrivalNs,
    sentNs: log.sentNs,
    scheduledNs: log.scheduledNs,
    firstTokenNs: log.firstTokenNs,
    lastTokenNs: log.lastTokenNs,
    promptTokens: log.promptTokens,
    outputTokens: log.outputTokens,
    ok: log.ok,
    requestId: log.requestId,
    record: (row) => recordOf(log, row),
  };
}

export function recordsOf(log: StepLog): RequestRecord[] {
  return Array.from({ length: log.rows }, (_, row) => recordOf(log, row));
}

function recordOf(log: StepLog, row: number): RequestRecord {
  const rejection = log.rejections.get(row);
  const scheduledNs = log.scheduledNs[row]!;
  const firstTokenNs = log.firstTokenNs[row]!;
  const lastTokenNs = log.lastTokenNs[row]!;
  return {
    requestId: log.requestId(row),
    arrivalNs: log.arrivalNs[row]!,
    sentNs: log.sentNs[row]!,
    ...(Number.isNaN(scheduledNs) ? {} : { scheduledNs, cachedTokens: log.cachedTokens[row]! }),
    ...(Number.isNaN(firstTokenNs) ? {} : { firstTokenNs }),
    ...(Number.isNaN(lastTokenNs) ? {} : { lastTokenNs }),
    promptTokens: log.promptTokens[row]!,
    outputTokens: log.outputTokens[row]!,
    preemptions: log.preemptions[row]!,
    status: rejection === undefined ? "ok" : "refused",
    ...(rejection === undefined ? {} : { error: rejection }),
    ...extraOf(log, row),
  };
}

/** Columns that not every run has. */
function extraOf(log: StepLog, row: number): Pick<RequestRecord, "extra"> {
  const { serverTimes, rankOf } = log;
  if (serverTimes === undefined && rankOf === undefined) return {};
  return {
    extra: {
      ...serverTimes?.columns(row, log.scheduledNs[row]!),
      ...(rankOf === undefined ? {} : { rank: log.rejections.has(row) ? "" : String(rankOf[row]) }),
    },
  };
}
