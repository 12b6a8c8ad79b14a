/**
 * Files to which a line of JSON is added for each thing that is finished; a process that is killed may leave the last
 * line torn.
 */
import { createReadStream, existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { ArtifactError } from "../errors.js";

/**
 * The lines as JSON, without the last one where it is not whole. ArtifactError for any other that is not JSON: `what`
 * was expected.
 */
export async function* readJsonLines(
  path: string,
  what: string,
): AsyncGenerator<{ readonly value: unknown; readonly line: number }> {
  if (!existsSync(path)) return;
  let line = 0;
  let bad: ArtifactError | undefined;
  for await (const text of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    if (bad !== undefined) throw bad;
    line++;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (cause) {
      bad = new ArtifactError(`${path}:${line}: not JSON, expected ${what}`, { cause });
      continue;
    }
    yield { value, line };
  }
}
