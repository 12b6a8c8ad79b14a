/**
 * A recording of conversations that a real server answered one turn at a time: what each turn's prompt and answer were, and
 * how many of its prompt's tokens the server found in its prefix cache.
 */
import { z } from "zod";
import { ArtifactError, check } from "../../formats/index.js";
import { readJson } from "../../formats/files/index.js";

const MAX_COUNT = 2 ** 24;
const count = z.int().nonnegative().max(MAX_COUNT);
const ids = z.array(z.int().nonnegative()).max(MAX_COUNT);

const row = z.looseObject({
  session: z.union([z.int(), z.string()]),
  turn: count,
  /** Of a session's first turn. */
  prompt: ids.nullish(),
  /** Of later turns: what the prompt has after the prompt and the answer of the turn before. */
  new_tokens: ids.nullish(),
  output: ids.min(1),
  prompt_tokens: count.min(1),
  output_tokens: count.min(1),
  cached_tokens: count,
});

const recording = z.looseObject({
  rows: z.array(row).min(1),
  block_size: count.min(1).optional(),
  /** The reserved block included, as vLLM counts. */
  num_gpu_blocks: count.min(2).optional(),
});

export type RecordedTurn = z.output<typeof row>;
export type SessionRecording = z.output<typeof recording>;

/** Reads a recording; ArtifactError names the row, the session and the turn that cannot be. */
export function readSessionRecording(path: string): SessionRecording {
  const read = check(recording, readJson(path), { source: path, Failure: ArtifactError });
  const latest = new Map<RecordedTurn["session"], RecordedTurn>();
  for (const [at, turn] of read.rows.entries()) {
    const problem = problemOf(turn, latest.get(turn.session));
    if (problem !== undefined) {
      throw new ArtifactError(`${path}: rows[${at}] (session ${turn.session}, turn ${turn.turn}): ${problem}`);
    }
    latest.set(turn.session, turn);
  }
  return read;
}

function problemOf(turn: RecordedTurn, before: RecordedTurn | undefined): string | undefined {
  const expected = before === undefined ? 0 : before.turn + 1;
  if (turn.turn !== expected) return `expected turn ${expected} of the session`;
  const field = before === undefined ? "prompt" : "new_tokens";
  const tokens = turn[field];
  if (tokens === null || tokens === undefined) return `${field}: got nothing, expected token ids`;
  const promptTokens = tokens.length + (before === undefined ? 0 : before.prompt_tokens + before.output_tokens);
  if (turn.prompt_tokens !== promptTokens) {
    return `prompt_tokens: got ${turn.prompt_tokens}, expected ${promptTokens}, what the turns so far and ${field} have`;
  }
  if (turn.output.length !== turn.output_tokens) {
    return `output_tokens: got ${turn.output_tokens}, expected ${turn.output.length}, the length of output`;
  }
  if (turn.cached_tokens >= turn.prompt_tokens) {
    return `cached_tokens: got ${turn.cached_tokens}, expected fewer than the prompt's ${turn.prompt_tokens}`;
  }
  return undefined;
}
