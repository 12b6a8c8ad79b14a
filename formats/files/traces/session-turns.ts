/** What readers of sessions share: how much of an earlier turn a prompt continues, and the finished trace. */
import { ArtifactError } from "../../errors.js";
import { type Session, type Trace, type TraceFormat, MAX_TOKENS } from "../../load/index.js";

/** A turn whose content is known by hashes of blocks; each hash covers what is before it, too. */
export interface HashedTurn {
  readonly promptTokens: number;
  readonly outputTokens: number;
  readonly hashes: readonly number[];
}

/**
 * How many tokens of an earlier turn's prompt and answer a prompt begins with. Where all of its blocks are there, it is
 * the whole prompt, with the answer if the new one has room for it.
 */
export function tokensInCommon(turn: HashedTurn, before: HashedTurn, blockTokens: number): number {
  const common = blocksInCommon(turn.hashes, before.hashes);
  if (common < Math.floor(before.promptTokens / blockTokens)) return common * blockTokens;
  return tokensGoneOn(turn.promptTokens, before) ?? Math.min(common * blockTokens, turn.promptTokens);
}

/** The earlier prompt and, where there is room, its answer; undefined where the new prompt is shorter. */
export function tokensGoneOn(
  promptTokens: number,
  before: { readonly promptTokens: number; readonly outputTokens: number },
): number | undefined {
  const whole = before.promptTokens + before.outputTokens;
  if (promptTokens >= whole) return whole;
  return promptTokens >= before.promptTokens ? before.promptTokens : undefined;
}

export function blocksInCommon(a: readonly number[], b: readonly number[]): number {
  const most = Math.min(a.length, b.length);
  let common = 0;
  while (common < most && a[common] === b[common]) common++;
  return common;
}

/** ArtifactError where there is no session, or a prompt is longer than any model's context. */
export function finishedSessions(
  format: TraceFormat,
  path: string,
  {
    sessions,
    rows,
    notes,
  }: { readonly sessions: readonly Session[]; readonly rows: number; readonly notes: readonly string[] },
): Trace {
  if (sessions.length === 0) {
    const why = rows === 0 ? "expected at least one" : `all were left out: ${notes.join("; ")}`;
    throw new ArtifactError(`${path} holds no sessions, ${why}`);
  }
  for (const { id, turns } of sessions) {
    const place = turns.findIndex(
      ({ promptTokens, outputTokens }) => Math.max(promptTokens, outputTokens) > MAX_TOKENS,
    );
    if (place < 0) continue;
    const { promptTokens, outputTokens } = turns[place]!;
    throw new ArtifactError(
      `${path}: session ${id}, turn ${place}: got ${promptTokens} prompt and ${outputTokens} output tokens, expected at most ` +
        `${MAX_TOKENS} of either; correct or remove it`,
    );
  }
  return { format, requests: [], sessions, rows, notes };
}
