/**
 * How many messages an export holds, counted before any of them is made: 21 KB, packed, can be a million empty spans, each an
 * object of some hundred bytes. In protocol buffers along the fields of trace-proto.ts; in JSON by the opening braces.
 */
import protobuf from "protobufjs/light.js";
import { ArtifactError } from "../../../../formats/index.js";

/** Spans, attributes and what holds them. vLLM exports 512 spans at a time, of some twenty attributes. */
const MAX_ITEMS = 200_000;

/** Field that leads one level down: resourceSpans, scopeSpans, spans, attributes, value. */
const NESTED_FIELDS = [1, 2, 2, 9, 2] as const;

const LENGTH_DELIMITED = 2;

/** ArtifactError when there are too many. */
export function rejectTooMany(bytes: Uint8Array, encoding: "protobuf" | "json"): void {
  const items = encoding === "json" ? bracesIn(bytes) : messagesIn(protobuf.Reader.create(bytes), bytes.length, 0);
  if (items > MAX_ITEMS) {
    throw new ArtifactError(
      `a trace export of over ${MAX_ITEMS} spans and attributes, expected batches of some hundred`,
    );
  }
}

/** Stops counting soon after the limit. */
function messagesIn(reader: protobuf.Reader, end: number, level: number): number {
  let count = 0;
  while (reader.pos < end && count <= MAX_ITEMS) {
    const tag = reader.uint32();
    const isNested = tag >>> 3 === NESTED_FIELDS[level] && (tag & 7) === LENGTH_DELIMITED;
    if (!isNested) {
      reader.skipType(tag & 7);
      continue;
    }
    const length = reader.uint32();
    const innerEnd = reader.pos + length;
    if (innerEnd > end) throw new ArtifactError("a trace export is cut short");
    count += 1 + messagesIn(reader, innerEnd, level + 1);
    reader.pos = innerEnd;
  }
  return count;
}

const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;

function bracesIn(bytes: Uint8Array): number {
  let count = 0;
  for (const byte of bytes) if (byte === OPEN_BRACE || byte === OPEN_BRACKET) count++;
  return count;
}
