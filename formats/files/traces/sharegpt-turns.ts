/**
 * ShareGPT conversations turn by turn: each turn of a person is a prompt that continues all before it, and its answer gives the output
 * length. There are no pauses. Turns after the last answer are left out, and counted.
 */
import { linearTurns, type LinearTurn, type Session, type Trace } from "../../load/index.js";
import type { ShareGptOptions } from "./sharegpt.js";
import { jsonItems } from "./json-values.js";
import { finishedSessions } from "./session-turns.js";
import { fieldError, leftOut } from "./trace-rows.js";

const people = new Set(["human", "user", "system"]);

/** At most `limit` sessions, since tokenising takes long. */
export function readShareGptTurns(path: string, bytes: Buffer, { tokenize, limit = Infinity }: ShareGptOptions): Trace {
  const sessions: Session[] = [];
  let rows = 0;
  let unanswered = 0;
  for (const { value, line } of jsonItems(path, bytes)) {
    rows++;
    const turns = turnsOf(value, tokenize, { path, line, column: "conversations" });
    if (turns.length === 0) unanswered++;
    else {
      const { id } = value as { id?: unknown };
      sessions.push({ id: typeof id === "string" && id !== "" ? id : `#${rows - 1}`, turns: linearTurns(turns) });
    }
    if (sessions.length === limit) break;
  }
  return finishedSessions("sharegpt_turns", path, {
    sessions,
    rows,
    notes: leftOut(unanswered, rows, "no answer"),
  });
}

function turnsOf(
  item: unknown,
  tokenize: (text: string) => readonly number[],
  place: { readonly path: string; readonly line: number; readonly column: string },
): LinearTurn[] {
  const messages = (item as { conversations?: unknown } | null)?.conversations;
  if (!Array.isArray(messages)) throw fieldError(place, messages, "an array of turns {from, value}");
  const turns: LinearTurn[] = [];
  let newTokens = 0;
  for (const message of messages as unknown[]) {
    const { from, value } = (message ?? {}) as { from?: unknown; value?: unknown };
    if (typeof from !== "string" || typeof value !== "string") {
      throw fieldError(place, message, "a turn {from, value} of texts");
    }
    const tokens = tokenize(value).length;
    if (people.has(from)) newTokens += tokens;
    else if (newTokens > 0 && tokens > 0) {
      turns.push({ newTokens, outputTokens: tokens, pauseNs: 0 });
      newTokens = 0;
    }
  }
  return turns;
}
