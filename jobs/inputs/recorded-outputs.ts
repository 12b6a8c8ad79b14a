/** The lengths of recorded answers, to draw from. */
import { existsSync, statSync } from "node:fs";
import { ArtifactError, eachRequest, MAX_TOKENS, type Load } from "../../formats/index.js";
import { readCsv, readRun } from "../../formats/files/index.js";

/**
 * Output tokens of a load's output_len_from: of the answered requests of a run folder, or the column output_tokens of a CSV
 * file (rows with a column status that is not ok are left out). Undefined: the load names none.
 */
export async function recordedOutputs({ output_len_from: path }: Load): Promise<number[] | undefined> {
  if (path === undefined) return undefined;
  const isFolder = existsSync(path) && statSync(path).isDirectory();
  const outputs = isFolder ? await ofRun(path) : await ofCsv(path);
  if (outputs.length === 0) {
    throw new ArtifactError(
      `${path}: no answered request with output tokens, expected at least one to draw lengths from`,
    );
  }
  return outputs;
}

async function ofRun(path: string): Promise<number[]> {
  const outputs: number[] = [];
  for (const { status, outputTokens } of eachRequest(await readRun(path))) {
    if (status === "ok" && outputTokens > 0) outputs.push(outputTokens);
  }
  return outputs;
}

async function ofCsv(path: string): Promise<number[]> {
  const outputs: number[] = [];
  const rows = await readCsv(path, ["output_tokens"]);
  for (const [at, { output_tokens: text = "", status = "ok" }] of rows.entries()) {
    if (status !== "ok") continue;
    const tokens = text.trim() === "" ? NaN : Number(text);
    if (!Number.isInteger(tokens) || tokens < 1 || tokens > MAX_TOKENS) {
      throw new ArtifactError(
        `${path}: row ${at + 1}: output_tokens: got "${text.slice(0, 40)}", expected a whole number from 1 to ${MAX_TOKENS}`,
      );
    }
    outputs.push(tokens);
  }
  return outputs;
}
