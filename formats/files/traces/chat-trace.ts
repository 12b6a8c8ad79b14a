/**
 * JSON lines of chats, as Alibaba's Bailian traces: each line is a turn with a `chat_id`, the `parent_chat_id` that it
 * continues (-1: none), `turn` from 1, `timestamp`, `input_length`, `output_length` and, for what prompts share, `hash_ids`.
 */
import { z } from "zod";
import { check } from "../../check.js";
import { ArtifactError } from "../../errors.js";
import { least } from "../../extremes.js";
import type { Session, SessionTurn, Trace, ContentRuns } from "../../load/index.js";
import { jsonLines } from "./json-values.js";
import { finishedSessions, tokensGoneOn, tokensInCommon } from "./session-turns.js";
import { leftOut, requireBlocks, TimeColumn } from "./trace-rows.js";

const count = z.int().nonnegative();

const row = z.looseObject({
  chat_id: z.int(),
  parent_chat_id: z.int().default(-1),
  turn: z.int().positive(),
  timestamp: z.number(),
  input_length: count,
  output_length: count,
  hash_ids: z.array(count).optional(),
});

interface ChatTurn {
  readonly line: number;
  readonly id: number;
  readonly parent: number;
  readonly number: number;
  readonly atNs: number;
  readonly promptTokens: number;
  readonly outputTokens: number;
  readonly hashes: readonly number[] | undefined;
}

export interface ChatUnits {
  readonly blockTokens: number;
  readonly secondsPerUnit: number;
}

export function readChats(path: string, bytes: Buffer, units: ChatUnits): Trace {
  const { turns, rows, withoutTokens } = rowsOf(path, bytes, units);
  const sessions: Session[] = [];
  /** Where each turn went: its session, and its place there. */
  const placed = new Map<number, { session: SessionTurn[]; place: number }>();
  let orphans = 0;
  for (const turn of parentsFirst(path, turns)) {
    const parent = turns.get(turn.parent);
    if (parent === undefined) {
      if (turn.parent >= 0) orphans++;
      const own: SessionTurn[] = [firstOf(turn, units.blockTokens)];
      placed.set(turn.id, { session: own, place: 0 });
      sessions.push({ id: String(turn.id), startNs: turn.atNs, turns: own });
      continue;
    }
    const { session, place } = placed.get(parent.id)!;
    placed.set(turn.id, { session, place: session.length });
    session.push(nextOf(path, turn, { parent, place }, units.blockTokens));
  }
  const originNs = least(sessions.map(({ startNs }) => startNs!));
  const notes = [
    ...leftOut(withoutTokens, rows, "0 input or output tokens"),
    ...(orphans === 0 ? [] : [`${orphans} turns continue chats that the file lacks, and begin sessions of their own`]),
    "the trace has no times of answers: a turn waits from its parent's answer as long as it was sent after its parent",
  ];
  const shifted = sessions.map((session) => ({ ...session, startNs: session.startNs! - originNs }));
  return finishedSessions("chat", path, { sessions: shifted, rows, notes });
}

function rowsOf(
  path: string,
  bytes: Buffer,
  { blockTokens, secondsPerUnit }: ChatUnits,
): { turns: Map<number, ChatTurn>; rows: number; withoutTokens: number } {
  const turns = new Map<number, ChatTurn>();
  const times = new TimeColumn(path, "timestamp", secondsPerUnit * 1e9);
  let rows = 0;
  let withoutTokens = 0;
  for (const { value, line } of jsonLines(path, bytes)) {
    rows++;
    const read = check(row, value, { source: `${path}:${line}`, Failure: ArtifactError });
    const { chat_id: id, input_length: promptTokens, output_length: outputTokens, hash_ids: hashes } = read;
    const where = `${path}:${line}: chat ${id}, turn ${read.turn}`;
    if (turns.has(id))
      throw new ArtifactError(`${where}: line ${turns.get(id)!.line} has that chat_id, expected another`);
    if (hashes !== undefined) requireBlocks(where, hashes.length, promptTokens, blockTokens);
    if (promptTokens === 0 || outputTokens === 0) {
      withoutTokens++;
      continue;
    }
    const atNs = times.nsOf(read.timestamp, line);
    const { parent_chat_id: parent, turn: number } = read;
    turns.set(id, { line, id, parent, number, atNs, promptTokens, outputTokens, hashes });
  }
  return { turns, rows, withoutTokens };
}

/** The turns, each after the one that it continues; ArtifactError for a circle. */
function parentsFirst(path: string, turns: ReadonlyMap<number, ChatTurn>): ChatTurn[] {
  const ordered = new Set<ChatTurn>();
  for (const turn of turns.values()) {
    const way: ChatTurn[] = [];
    const seen = new Set<ChatTurn>();
    for (let at: ChatTurn | undefined = turn; at !== undefined && !ordered.has(at); at = turns.get(at.parent)) {
      if (seen.has(at)) {
        throw new ArtifactError(
          `${path}:${at.line}: chat ${at.id}, turn ${at.number}: its parents lead back to it, expected a turn without a parent`,
        );
      }
      seen.add(at);
      way.push(at);
    }
    for (const one of way.reverse()) ordered.add(one);
  }
  return [...ordered];
}

function firstOf({ promptTokens, outputTokens, hashes }: ChatTurn, blockTokens: number): SessionTurn {
  const shared: ContentRuns | undefined = hashes?.map((hash, at) => {
    return [-10 - hash, Math.min(blockTokens, promptTokens - at * blockTokens)] as const;
  });
  return { promptTokens, outputTokens, pauseNs: 0, ...(shared === undefined ? {} : { shared }) };
}

function nextOf(
  path: string,
  turn: ChatTurn,
  { parent, place }: { readonly parent: ChatTurn; readonly place: number },
  blockTokens: number,
): SessionTurn {
  const where = `${path}:${turn.line}: chat ${turn.id}, turn ${turn.number}`;
  if (turn.number !== parent.number + 1) {
    throw new ArtifactError(
      `${where}: its parent is turn ${parent.number}, expected turn ${parent.number + 1} after it`,
    );
  }
  if (turn.atNs < parent.atNs)
    throw new ArtifactError(`${where}: timestamp is before its parent's, expected a later one`);
  const { promptTokens, outputTokens, hashes } = turn;
  const tokens =
    hashes === undefined || parent.hashes === undefined
      ? tokensGoneOn(promptTokens, parent)
      : tokensInCommon({ promptTokens, outputTokens, hashes }, { ...parent, hashes: parent.hashes }, blockTokens);
  if (tokens === undefined) {
    throw new ArtifactError(
      `${where}: input_length ${promptTokens} is below its parent's ${parent.promptTokens}, and hash_ids do not say what they ` +
        "have in common",
    );
  }
  return {
    promptTokens,
    outputTokens,
    after: place,
    pauseNs: turn.atNs - parent.atNs,
    follows: { turn: place, tokens },
  };
}
