/**
 * JSON lines of sessions as AIPerf takes them for several turns: `session_id` and `turns`, each with its new tokens as `text`
 * or `input_length`, its `output_length`, and the `delay` before it in ms.
 */
import { z } from "zod";
import { check } from "../../check.js";
import { ArtifactError } from "../../errors.js";
import { linearTurns, type Session, type Trace, LATEST_MS } from "../../load/index.js";
import { jsonLines } from "./json-values.js";
import { finishedSessions } from "./session-turns.js";

export const multiTurnKeys = ["session_id", "turns"] as const;

const session = z.looseObject({
  session_id: z.union([z.string().min(1), z.int()]),
  turns: z
    .array(
      z.looseObject({
        text: z.string().min(1).optional(),
        input_length: z.int().positive().optional(),
        output_length: z.int().positive("expected the tokens of its answer"),
        delay: z.number().nonnegative().max(LATEST_MS).default(0),
      }),
    )
    .min(1),
});

export function readMultiTurn(path: string, bytes: Buffer, tokenize: (text: string) => readonly number[]): Trace {
  const sessions = new Map<string, Session>();
  let rows = 0;
  for (const { value, line } of jsonLines(path, bytes)) {
    const read = check(session, value, { source: `${path}:${line}`, Failure: ArtifactError });
    const id = String(read.session_id);
    if (sessions.has(id))
      throw new ArtifactError(`${path}:${line}: session ${id} appears a second time, expected one line`);
    const turns = read.turns.map(({ text, input_length, output_length: outputTokens, delay }, turn) => {
      const newTokens = input_length ?? (text === undefined ? undefined : tokenize(text).length);
      if (newTokens === undefined) {
        throw new ArtifactError(`${path}:${line}: session ${id}, turn ${turn}: got neither text nor input_length`);
      }
      return { newTokens, outputTokens, pauseNs: turn === 0 ? 0 : Math.round(delay * 1e6) };
    });
    rows += turns.length;
    sessions.set(id, { id, turns: linearTurns(turns) });
  }
  return finishedSessions("multi_turn", path, { sessions: [...sessions.values()], rows, notes: [] });
}
