/**
 * Rows of requests.csv that hold only servesim's own columns, each a plain number where one belongs: read without a
 * schema, so that ten million take seconds. Every other row is left to the schema, which says what is wrong with it.
 */
import { requestStatuses, type RequestRecord, type RequestStatus } from "../../run/index.js";
import { LATEST_MS } from "../../load/index.js";
import { requestColumns, required, type Columns } from "./columns.js";

const MAX_COUNT = 2 ** 31 - 1;

type Writable = { -readonly [Key in keyof RequestRecord]: RequestRecord[Key] };
type NumberField = "sentNs" | "scheduledNs" | "firstTokenNs" | "lastTokenNs" | "cachedTokens" | "batchId" | "batchSize" | "preemptions"; // prettier-ignore

/** A reader of rows under this header; it returns undefined for a row that is not plain. */
export function plainRequests(header: readonly string[]): (fields: readonly string[]) => RequestRecord | undefined {
  if (!header.every((name) => Object.hasOwn(requestColumns, name))) return () => undefined;
  const [idAt, arrivalAt, promptAt, outputAt, statusAt] = required(requestColumns).map((name) => header.indexOf(name)) as [number, number, number, number, number]; // prettier-ignore
  const errorAt = header.indexOf("error");
  const numbers = header.flatMap((name, at) => {
    const [field, form] = (requestColumns as Columns)[name]!;
    if (!form.endsWith("?") || at === errorAt) return [];
    return [[at, field as NumberField, form === "ms?" ? nsOf : countOf] as const];
  });
  return (fields) => {
    const record: Writable = {
      requestId: fields[idAt]!,
      arrivalNs: nsOf(fields[arrivalAt]!),
      promptTokens: countOf(fields[promptAt]!),
      outputTokens: countOf(fields[outputAt]!),
      status: fields[statusAt] as RequestStatus,
    };
    let isPlain =
      record.requestId !== "" &&
      requestStatuses.includes(record.status) &&
      !Number.isNaN(record.arrivalNs + record.promptTokens + record.outputTokens);
    for (const [at, name, numberIn] of numbers) {
      if (fields[at] === "") continue;
      const value = numberIn(fields[at]!);
      record[name] = value;
      isPlain &&= !Number.isNaN(value);
    }
    if (errorAt !== -1 && fields[errorAt] !== "") record.error = fields[errorAt]!;
    isPlain &&= !(record.firstTokenNs! > record.lastTokenNs!);
    return isPlain ? record : undefined;
  };
}

/** Milliseconds as nanoseconds; NaN for anything but a plain number of a size that a time may have. */
function nsOf(text: string): number {
  const ms = text === "" ? NaN : Number(text);
  return Math.abs(ms) <= LATEST_MS ? Math.round(ms * 1e6) : NaN;
}

/** NaN for anything but a whole number from 0. */
function countOf(text: string): number {
  const count = text === "" ? NaN : Number(text);
  return Number.isInteger(count) && count >= 0 && count <= MAX_COUNT ? count : NaN;
}
