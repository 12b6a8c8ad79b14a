/** Reading the prompts that users write: a JSON array of texts. */
import { check } from "../check.js";
import { promptsSchema } from "../workload.js";
import { readJson } from "./atomic.js";

/** A JSON array of prompts, at least one, none blank. */
export function readPrompts(path: string): string[] {
  return check(promptsSchema, readJson(path), { source: path });
}
