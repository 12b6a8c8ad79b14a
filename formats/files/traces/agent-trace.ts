/**
 * Recorded coding agents, one JSON object a session: `requests` with `in` and `out` tokens, `hash_ids` of whole blocks of
 * `block_size` tokens, which are the session's own, and `think_time` s before each. All sessions begin with the same
 * `tool_tokens` and then `system_tokens`, as far as both have them. Form of kv-cache-tester's traces.
 */
import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { z } from "zod";
import { check } from "../../check.js";
import { ArtifactError } from "../../errors.js";
import { type Session, type SessionTurn, type Trace, LATEST_MS, type ContentRuns } from "../../load/index.js";
import { readJson } from "../json.js";
import { blocksInCommon, finishedSessions, tokensInCommon, type HashedTurn } from "./session-turns.js";
import { leftOut } from "./trace-rows.js";

/** Of what all sessions begin with; drawn sessions have -1. */
const TOOL_ID = -2;
const SYSTEM_ID = -3;

const count = z.int().nonnegative();
const seconds = z
  .number()
  .nonnegative()
  .max(LATEST_MS / 1e3);

const request = z.looseObject({
  /** Since the start of the session. */
  t: seconds.nullish(),
  in: count,
  out: count,
  hash_ids: z.array(z.int()),
  think_time: seconds.nullish(),
  api_time: seconds.nullish(),
});

const recordedAgent = z.looseObject({
  id: z.string().optional(),
  block_size: z.int().positive(),
  hash_id_scope: z.literal("local", 'expected "local", hash ids of a session').optional(),
  tool_tokens: count.default(0),
  system_tokens: count.default(0),
  requests: z.array(request),
});

type RecordedRequest = z.output<typeof request>;

/** A file, or a folder of them in order of name. */
export function readAgents(path: string): Trace {
  const files = agentFiles(path) ?? [path];
  const sessions: Session[] = [];
  let rows = 0;
  let withoutTokens = 0;
  for (const file of files) {
    const recorded = check(recordedAgent, readJson(file), { source: file, Failure: ArtifactError });
    rows += recorded.requests.length;
    const answered = recorded.requests.filter((one) => one.in > 0 && one.out > 0);
    withoutTokens += recorded.requests.length - answered.length;
    if (answered.length === 0) continue;
    const id = recorded.id ?? basename(file).replace(/\.json(\.gz)?$/, "");
    requireWhole(file, recorded.requests, recorded.block_size);
    sessions.push({ id, turns: turnsOf(answered, recorded) });
  }
  const notes = leftOut(withoutTokens, rows, "0 input or output tokens");
  return finishedSessions("agent", path, { sessions, rows, notes });
}

/** Files of a folder of recorded agents; undefined where it is none. */
export function agentFiles(folder: string): string[] | undefined {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) return undefined;
  const names = readdirSync(folder).filter((name) => /\.json(\.gz)?$/.test(name)).sort(); // prettier-ignore
  return names.length === 0 || names.includes("run.json") ? undefined : names.map((name) => join(folder, name));
}

/** ArtifactError where hashes are not of whole blocks of that size: a mixture, or another size. */
function requireWhole(file: string, requests: readonly RecordedRequest[], blockSize: number): void {
  for (const [turn, { in: promptTokens, hash_ids: hashes }] of requests.entries()) {
    const [whole, most] = [Math.floor(promptTokens / blockSize), Math.ceil(promptTokens / blockSize)];
    if (hashes.length === whole || hashes.length === most) continue;
    throw new ArtifactError(
      `${file}: requests[${turn}] (turn ${turn}): hash_ids: got ${hashes.length} ids, expected ${whole} or ${most} for in ` +
        `${promptTokens} in blocks of ${blockSize} tokens`,
    );
  }
}

function turnsOf(
  requests: readonly RecordedRequest[],
  { block_size: blockSize, tool_tokens: tools, system_tokens: system }: z.output<typeof recordedAgent>,
): SessionTurn[] {
  const hashed = requests.map((one): HashedTurn => {
    return { promptTokens: one.in, outputTokens: one.out, hashes: one.hash_ids };
  });
  return hashed.map((turn, place): SessionTurn => {
    const { promptTokens, outputTokens } = turn;
    if (place === 0) return { promptTokens, outputTokens, pauseNs: 0, ...begins(promptTokens, tools, system) };
    const from = likest(turn, hashed.slice(0, place));
    const tokens = tokensInCommon(turn, hashed[from]!, blockSize);
    const begun = tokens > 0 ? { follows: { turn: from, tokens } } : begins(promptTokens, tools, system);
    return { promptTokens, outputTokens, after: place - 1, pauseNs: pauseNs(requests, place), ...begun };
  });
}

/** The latest of those earlier turns that have most blocks in common with this one. */
function likest(turn: HashedTurn, earlier: readonly HashedTurn[]): number {
  let [best, most] = [0, -1];
  for (let at = earlier.length - 1; at >= 0; at--) {
    const common = blocksInCommon(turn.hashes, earlier[at]!.hashes);
    if (common > most) [best, most] = [at, common];
  }
  return best;
}

function begins(promptTokens: number, tools: number, system: number): { shared?: ContentRuns } {
  const ofTools = Math.min(tools, promptTokens);
  const ofSystem = Math.min(system, promptTokens - ofTools);
  const shared = ([[TOOL_ID, ofTools], [SYSTEM_ID, ofSystem]] as const).filter(([, tokens]) => tokens > 0); // prettier-ignore
  return shared.length === 0 ? {} : { shared };
}

/** As recorded, or what is left of the time since the turn before was sent when its answer is taken off. */
function pauseNs(requests: readonly RecordedRequest[], place: number): number {
  const { t: sentS, think_time: thinkS } = requests[place]!;
  const before = requests[place - 1]!;
  const s = thinkS ?? (sentS ?? 0) - (before.t ?? 0) - (before.api_time ?? 0);
  return Math.max(0, Math.round(s * 1e9));
}
