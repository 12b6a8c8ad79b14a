/**
 * ShareGPT conversations as vLLM bench uses them: the first turn is the prompt, the second gives the output length, and
 * what is very short or long is left out. There are no arrival times. Order is the file's; vLLM bench shuffles.
 */
import type { Trace, WorkloadRequest } from "../../load/index.js";
import { jsonItems } from "./json-values.js";
import { fieldError, finishedTrace, leftOut } from "./trace-rows.js";

/** vLLM bench's limits, tokens. */
const MIN_TOKENS = 4;
const MAX_PROMPT_TOKENS = 1024;
const MAX_TOKENS = 2048;

export interface ShareGptOptions {
  /** Token ids of a text. */
  readonly tokenize: (text: string) => readonly number[];
  /** Stop after so many requests or sessions: tokenising a large file takes long. */
  readonly limit?: number | undefined;
}

/** ids are the conversations' own where they are text, else their place in the file. */
export function readShareGpt(path: string, bytes: Buffer, { tokenize, limit = Infinity }: ShareGptOptions): Trace {
  const requests: WorkloadRequest[] = [];
  const seen = new Set<string>();
  const left = { oneTurn: 0, short: 0, long: 0 };
  let rows = 0;
  for (const { value, line } of jsonItems(path, bytes)) {
    const index = rows++;
    const [prompt, answer] = firstTurns(value, path, line);
    if (prompt === undefined || answer === undefined) {
      left.oneTurn++;
      continue;
    }
    const promptTokens = tokenize(prompt).length;
    const outputTokens = tokenize(answer).length;
    if (promptTokens < MIN_TOKENS || outputTokens < MIN_TOKENS) left.short++;
    else if (promptTokens > MAX_PROMPT_TOKENS || promptTokens + outputTokens > MAX_TOKENS) left.long++;
    else {
      const own = (value as { id?: unknown }).id;
      const id = typeof own === "string" && own !== "" && !seen.has(own) ? own : `#${index}`;
      seen.add(id);
      requests.push({ id, promptTokens, outputTokens, prompt });
      if (requests.length === limit) break;
    }
  }
  const notes = [
    ...leftOut(left.oneTurn, rows, "fewer than two turns"),
    ...leftOut(left.short, rows, `a prompt or answer below ${MIN_TOKENS} tokens`),
    ...leftOut(left.long, rows, `a prompt above ${MAX_PROMPT_TOKENS} tokens, or above ${MAX_TOKENS} with the answer`),
  ];
  return finishedTrace({ format: "sharegpt", path, requests, rows, notes, isRebased: false });
}

function firstTurns(item: unknown, path: string, line: number): (string | undefined)[] {
  const place = { path, line, column: "conversations" };
  const turns = (item as { conversations?: unknown } | null)?.conversations;
  if (!Array.isArray(turns)) throw fieldError(place, turns, "an array of turns {from, value}");
  return turns.slice(0, 2).map((turn: unknown) => {
    const text = (turn as { value?: unknown } | null)?.value;
    if (typeof text !== "string") throw fieldError(place, turn, "a turn {from, value} whose value is text");
    return text;
  });
}
