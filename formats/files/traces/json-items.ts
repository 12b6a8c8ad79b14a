/** The items of a JSON array one at a time, from bytes: a file of conversations can be longer than a string may be. */
import { ArtifactError } from "../../errors.js";
import { parseJson } from "../parse-json.js";

export interface JsonItem {
  readonly value: unknown;
  /** Line on which the item begins, from 1. */
  readonly line: number;
}

const [QUOTE, BACKSLASH, NEWLINE, COMMA] = [0x22, 0x5c, 0x0a, 0x2c];
const openers = new Set([0x5b, 0x7b]);
const closers = new Set([0x5d, 0x7d]);

/** ArtifactError with the line where the array is cut short or an item is not JSON. */
export function* jsonItems(path: string, bytes: Buffer): Generator<JsonItem> {
  let line = 1;
  let depth = 0;
  let start = -1;
  let startLine = 1;
  let isText = false;
  const item = (end: number): JsonItem | undefined => {
    const text = bytes.toString("utf8", start, end).trim();
    start = -1;
    return text === "" ? undefined : { value: parsed(text, path, startLine), line: startLine };
  };
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (byte === NEWLINE) line++;
    if (isText) {
      if (byte === BACKSLASH) at++;
      else if (byte === QUOTE) isText = false;
      continue;
    }
    if (depth === 1 && start === -1 && byte > 0x20 && byte !== COMMA && byte !== 0x5d) {
      start = at;
      startLine = line;
    }
    if (byte === QUOTE) isText = true;
    else if (openers.has(byte)) depth++;
    else if (closers.has(byte) || byte === COMMA) {
      if (depth === 1 && start !== -1) {
        const found = item(at);
        if (found !== undefined) yield found;
      }
      if (byte === COMMA) continue;
      depth--;
      if (depth === 0) return;
    }
  }
  throw new ArtifactError(`${path}:${line}: the JSON array does not end, expected "]"; the file may be truncated`);
}

function parsed(text: string, path: string, line: number): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    const said = error instanceof Error ? error.message.replace(/\s+/g, " ") : String(error);
    throw new ArtifactError(`${path}:${line}: not JSON: ${said.slice(0, 120)}`, { cause: error });
  }
}
