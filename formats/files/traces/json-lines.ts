/** The values of JSON lines, one at a time, without the empty ones. */
import { ArtifactError } from "../../errors.js";
import { parseJson } from "../parse-json.js";
import type { JsonItem } from "./json-items.js";
import { textLines } from "./text-lines.js";

/** ArtifactError with the line that is not JSON. */
export function* jsonLines(path: string, bytes: Buffer): Generator<JsonItem> {
  let line = 0;
  for (const text of textLines(bytes)) {
    line++;
    if (text.trim() === "") continue;
    yield { value: parsed(text, path, line), line };
  }
}

function parsed(text: string, path: string, line: number): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    const said = error instanceof Error ? error.message.replace(/\s+/g, " ") : String(error);
    throw new ArtifactError(`${path}:${line}: not JSON: ${said.slice(0, 120)}; the file may be truncated`, {
      cause: error,
    });
  }
}
