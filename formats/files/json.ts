/** JSON from outside, whole files and files of lines; and JSON files of servesim's own. */
import { existsSync } from "node:fs";
import { open } from "node:fs/promises";
import { ArtifactError } from "../errors.js";
import { cannotRead, readText, reasonOf, requireRegular, writeTextAtomic } from "./disk/index.js";

/** servesim's own files nest less than ten deep, results of servers less than twenty. */
const MAX_DEPTH = 100;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LINE_BREAK = 0x0a;

/** Only JSON that is not nested so deep that walking it would overflow the stack. The Error says what is wrong in one line. */
export function parseJson(text: string): unknown {
  let depth = 0;
  let isText = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (isText) {
      if (code === BACKSLASH) at++;
      else if (code === QUOTE) isText = false;
    } else if (code === QUOTE) isText = true;
    else if (code === 0x5b || code === 0x7b) {
      if (++depth > MAX_DEPTH) throw new SyntaxError(`nested more than ${MAX_DEPTH} deep`);
    } else if (code === 0x5d || code === 0x7d) depth--;
  }
  return JSON.parse(text);
}

/** Reads JSON; ArtifactError names the file and what the parser said. */
export function readJson(path: string): unknown {
  const text = readText(path).replace(/^\uFEFF/, "");
  try {
    return parseJson(text);
  } catch (error) {
    throw new ArtifactError(`${path} is not JSON: ${reasonOf(error).replace(/\s+/g, " ")}; it may be truncated`, {
      cause: error,
    });
  }
}

/** Two-space JSON with a final newline, written whole. */
export function writeJson(path: string, value: unknown): void {
  writeTextAtomic(path, `${JSON.stringify(value, null, 2)}\n`);
}

interface Line {
  readonly text: string;
  /** Where it begins in the file, and how many bytes it has without its line break. */
  readonly offset: number;
  readonly bytes: number;
}

export interface JsonLine extends Omit<Line, "text"> {
  readonly value: unknown;
  /** From 1. */
  readonly line: number;
}

/**
 * The lines of a file to which one is added for each thing that is finished, however long it is; none where there is no file.
 * ArtifactError for a line that is not JSON: `what` was expected. The last line may be torn by a process that was killed, and is
 * then left out, unless the file was written whole (`isWhole`).
 */
export async function* readJsonLines(path: string, what: string, { isWhole = false } = {}): AsyncGenerator<JsonLine> {
  if (!existsSync(path)) return;
  let line = 0;
  let bad: ArtifactError | undefined;
  requireRegular(path);
  for await (const { text, ...place } of linesIn(path)) {
    if (bad !== undefined) throw bad;
    line++;
    let value: unknown;
    try {
      value = parseJson(text);
    } catch (cause) {
      bad = new ArtifactError(`${path}:${line}: not JSON, expected ${what}`, { cause });
      continue;
    }
    yield { value, line, ...place };
  }
  if (bad !== undefined && isWhole) throw bad;
}

const BLOCK = 1 << 20;

async function* linesIn(path: string): AsyncGenerator<Line> {
  const failed = (error: unknown): never => {
    throw cannotRead(path, error);
  };
  const file = await open(path, "r").catch(failed);
  try {
    const block = Buffer.allocUnsafe(BLOCK);
    let rest = Buffer.alloc(0);
    let offset = 0;
    for (;;) {
      const { bytesRead } = await file.read(block, 0, BLOCK).catch(failed);
      if (bytesRead === 0) break;
      const found = Buffer.concat([rest, block.subarray(0, bytesRead)]);
      let at = 0;
      for (let end = found.indexOf(LINE_BREAK); end !== -1; end = found.indexOf(LINE_BREAK, at)) {
        yield { text: found.toString("utf8", at, end), offset: offset + at, bytes: end - at };
        at = end + 1;
      }
      rest = found.subarray(at);
      offset += at;
    }
    if (rest.length > 0) yield { text: rest.toString(), offset, bytes: rest.length };
  } finally {
    await file.close();
  }
}
