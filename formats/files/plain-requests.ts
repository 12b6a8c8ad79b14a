/**
 * Rows of requests.csv that hold only servesim's own columns, each a plain number where one belongs: read without a
 * schema, so that ten million take seconds. Every other row is left to the schema, which says what is wrong with it.
 */
import { requestStatuses, type RequestRecord, type RequestStatus } from "../run.js";
import { LATEST_MS } from "../workload.js";

const times = {
  sent_ms: "sentNs",
  scheduled_ms: "scheduledNs",
  first_token_ms: "firstTokenNs",
  last_token_ms: "lastTokenNs",
} as const;
const counts = {
  cached_tokens: "cachedTokens",
  batch_id: "batchId",
  batch_size: "batchSize",
  preemptions: "preemptions",
} as const;
const needed = ["request_id", "arrival_ms", "prompt_tokens", "output_tokens", "status"];
const MAX_COUNT = 2 ** 31 - 1;

type Writable = { -readonly [Key in keyof RequestRecord]: RequestRecord[Key] };

/** A reader of rows under this header; it returns undefined for a row that is not plain. */
export function plainRequests(header: readonly string[]): (fields: readonly string[]) => RequestRecord | undefined {
  const known = new Set<string>([...needed, ...Object.keys(times), ...Object.keys(counts), "error"]);
  if (!header.every((name) => known.has(name))) return () => undefined;
  const [idAt, arrivalAt, promptAt, outputAt, statusAt] = needed.map((name) => header.indexOf(name)) as [number, number, number, number, number]; // prettier-ignore
  const errorAt = header.indexOf("error");
  const timesAt = placesOf(header, times);
  const countsAt = placesOf(header, counts);
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
    for (const [at, name] of timesAt) {
      if (fields[at] === "") continue;
      const ns = nsOf(fields[at]!);
      record[name] = ns;
      isPlain &&= !Number.isNaN(ns);
    }
    for (const [at, name] of countsAt) {
      if (fields[at] === "") continue;
      const count = countOf(fields[at]!);
      record[name] = count;
      isPlain &&= !Number.isNaN(count);
    }
    if (errorAt !== -1 && fields[errorAt] !== "") record.error = fields[errorAt]!;
    isPlain &&= !(record.firstTokenNs! > record.lastTokenNs!);
    return isPlain ? record : undefined;
  };
}

function placesOf<Name extends string>(
  header: readonly string[],
  names: Readonly<Record<string, Name>>,
): (readonly [at: number, name: Name])[] {
  return header.flatMap((column, at) => (Object.hasOwn(names, column) ? [[at, names[column]!] as const] : []));
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
