/** The values of a JSON array or of JSON lines one at a time, from bytes: a trace can be longer than a string may be. */
import { ArtifactError, messageOf } from "../../errors.js";
import { parseJson } from "../json.js";
import { textLines } from "./text-lines.js";

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
        yield { value: parsed(bytes.toString("utf8", start, at), path, startLine), line: startLine };
        start = -1;
      }
      if (byte === COMMA) continue;
      depth--;
      if (depth === 0) return;
    }
  }
  throw new ArtifactError(`${path}:${line}: the JSON array does not end, expected "]"; the file may be truncated`);
}

/** The values of JSON lines, without the empty ones. ArtifactError with the line that is not JSON. */
export function* jsonLines(path: string, bytes: Buffer): Generator<JsonItem> {
  let line = 0;
  for (const text of textLines(bytes)) {
    line++;
    if (text.trim() !== "") yield { value: parsed(text, path, line, "; the file may be truncated"), line };
  }
}

function parsed(text: string, path: string, line: number, advice = ""): unknown {
  try {
    return parseJson(text);
  } catch (cause) {
    const said = messageOf(cause).replace(/\s+/g, " ").slice(0, 120);
    throw new ArtifactError(`${path}:${line}: not JSON: ${said}${advice}`, { cause });
  }
}
