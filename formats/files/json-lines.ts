/**
 * Files to which a line of JSON is added for each thing that is finished; a process that is killed may leave the last
 * line torn.
 */
import { existsSync } from "node:fs";
import { open } from "node:fs/promises";
import { ArtifactError } from "../errors.js";
import { parseJson } from "./parse-json.js";
import { cannotRead, requireRegular } from "./read-bytes.js";

export interface JsonLine {
  readonly value: unknown;
  /** From 1. */
  readonly line: number;
  /** Where it begins in the file, and how many bytes it has without its line break. */
  readonly offset: number;
  readonly bytes: number;
}

/**
 * The lines as JSON, without the last one where it is torn; as many as there may be. ArtifactError for any other that is
 * not JSON: `what` was expected. `isWhole`: the file was written whole, so its last line is no exception.
 */
export async function* readJsonLines(path: string, what: string, { isWhole = false } = {}): AsyncGenerator<JsonLine> {
  if (!existsSync(path)) return;
  let line = 0;
  let bad: ArtifactError | undefined;
  requireRegular(path);
  for await (const { text, offset, bytes } of linesIn(path)) {
    if (bad !== undefined) throw bad;
    line++;
    let value: unknown;
    try {
      value = parseJson(text);
    } catch (cause) {
      bad = new ArtifactError(`${path}:${line}: not JSON, expected ${what}`, { cause });
      continue;
    }
    yield { value, line, offset, bytes };
  }
  if (bad !== undefined && isWhole) throw bad;
}

const BLOCK = 1 << 20;
const LINE_BREAK = 0x0a;

interface Line extends Pick<JsonLine, "offset" | "bytes"> {
  readonly text: string;
}

async function* linesIn(path: string): AsyncGenerator<Line> {
  const file = await open(path, "r").catch((error: unknown) => {
    throw cannotRead(path, error);
  });
  try {
    const block = Buffer.allocUnsafe(BLOCK);
    let rest = Buffer.alloc(0);
    let offset = 0;
    for (;;) {
      const { bytesRead } = await file.read(block, 0, BLOCK).catch((error: unknown) => {
        throw cannotRead(path, error);
      });
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
