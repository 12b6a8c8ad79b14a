/** Reading workloads users write: a CSV of explicit requests, or a JSON array of prompts. */
import { ArtifactError } from "../errors.js";
import { check } from "../check.js";
import { promptsSchema, workloadRowSchema, type WorkloadRequest } from "../workload.js";
import { readJson } from "./atomic.js";
import { checkRows, lineOf, readCsv } from "./csv.js";

/** `arrival_ms,prompt_tokens,output_tokens[,request_id]`, sorted by arrival (ties keep file order). */
export async function readWorkloadCsv(path: string): Promise<WorkloadRequest[]> {
  const raw = await readCsv(path, ["arrival_ms", "prompt_tokens", "output_tokens"]);
  const rows = checkRows(workloadRowSchema, raw, path);
  if (rows.length === 0)
    throw new ArtifactError(`${path} holds no requests, expected at least one row after the header`);
  const seen = new Map<string, number>();
  const requests = rows.map((row, index) => {
    const id = row.request_id ?? String(index);
    const line = lineOf(raw[index]!);
    const earlier = seen.get(id);
    if (earlier !== undefined)
      throw new ArtifactError(`${path}:${line}: request_id "${id}" is also on line ${earlier}`);
    seen.set(id, line);
    return {
      id,
      arrivalNs: Math.round(row.arrival_ms * 1e6),
      promptTokens: row.prompt_tokens,
      outputTokens: row.output_tokens,
    };
  });
  return requests.sort((a, b) => a.arrivalNs - b.arrivalNs);
}

/** A JSON array of prompts, at least one, none blank. */
export function readPrompts(path: string): string[] {
  return check(promptsSchema, readJson(path), { source: path });
}
