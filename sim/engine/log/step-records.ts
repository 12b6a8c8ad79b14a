/** The records of a step log, made only when they are needed one by one. */
import { rowsSent, selectRows, type RequestRecord, type RequestTable } from "../../../formats/index.js";
import type { Abortion, StepLog } from "./step-log.js";

/** The log as a table; its columns are the log's own. Attempts that no client made are left out. */
export function tableOf(log: StepLog): RequestTable {
  const table = {
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
    ...(log.hasClasses ? { classOf: log.classOf } : {}),
    record: (row: number) => recordOf(log, row),
  };
  const isWhole = log.sentNs.every((sentNs) => !Number.isNaN(sentNs));
  return isWhole ? table : selectRows(table, rowsSent(log));
}

export function recordsOf(log: StepLog): RequestRecord[] {
  return Array.from({ length: log.rows }, (_, row) => recordOf(log, row));
}

/** One request's record, as far as it has come. */
export function recordOf(log: StepLog, row: number): RequestRecord {
  const rejection = log.rejections.get(row);
  const abortion = log.abortions.get(row);
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
    ...endOf(rejection, abortion),
    ...extraOf(log, row),
  };
}

function endOf(rejection: string | undefined, abortion: Abortion | undefined): Pick<RequestRecord, "status" | "error"> {
  if (rejection !== undefined) return { status: "refused", error: rejection };
  return abortion === undefined ? { status: "ok" } : { status: "aborted", error: abortion.reason };
}

/** Columns that not every run has. */
function extraOf(log: StepLog, row: number): Pick<RequestRecord, "extra"> {
  const { serverTimes, rankOf, abortions } = log;
  const name = log.classOf(row);
  if (serverTimes === undefined && rankOf === undefined && name === undefined && abortions.size === 0) return {};
  const atNs = abortions.get(row)?.atNs;
  return {
    extra: {
      ...serverTimes?.columns(row, log.scheduledNs[row]!),
      ...(rankOf === undefined ? {} : { rank: log.rejections.has(row) ? "" : String(rankOf[row]) }),
      ...(name === undefined ? {} : { class: name }),
      ...(abortions.size === 0 ? {} : { aborted_ms: atNs === undefined ? "" : String(atNs / 1e6) }),
    },
  };
}
