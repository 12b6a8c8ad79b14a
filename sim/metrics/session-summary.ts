/** A run of sessions turn by turn: time to first token, the share of prompts that was cached, how long sessions took. */
import type { RequestTurn } from "../../formats/index.js";
import { nearestRank } from "../kernel/index.js";
import { gapMs } from "./request-metrics.js";
import { mean } from "./statistics/index.js";
import type { RequestColumns } from "./request-columns.js";

/** Turns shown one by one; later ones are one row. */
const TURNS = 10;

/** As run.json has it. A row's last turn is absent where it is the only one. Null where no turn was answered. */
export interface TurnSummary {
  readonly turn: number;
  readonly to_turn?: number;
  readonly requests: number;
  readonly completed: number;
  readonly mean_ttft_ms: number | null;
  readonly p50_ttft_ms: number | null;
  readonly p90_ttft_ms: number | null;
  /** Of the prompt tokens of answered turns, those found in the prefix cache; null also where a server does not say. */
  readonly cached_share: number | null;
}

export interface SessionSummary {
  readonly count: number;
  /** Sessions all of whose turns were answered. */
  readonly completed: number;
  /** Of those, from sending the first turn to the last token of the last answer, pauses included. */
  readonly mean_session_s: number | null;
  readonly p50_session_s: number | null;
  readonly p90_session_s: number | null;
  readonly cached_share: number | null;
  /** Turns from 1. */
  readonly by_turn: readonly TurnSummary[];
}

type Columns = Pick<RequestColumns, "rows" | "ok" | "arrivalNs" | "firstTokenNs" | "lastTokenNs" | "promptTokens"> & {
  /** Below 0: not known. */
  readonly cachedTokens: Int32Array;
};

export function summariseSessions(
  columns: Columns,
  turns: readonly { readonly turn?: RequestTurn }[],
  count: number,
): SessionSummary {
  const rowsOfTurn: number[][] = [];
  const begunNs = new Float64Array(count).fill(Infinity);
  const endedNs = new Float64Array(count);
  for (let row = 0; row < columns.rows; row++) {
    const { session, turn } = turns[row]!.turn!;
    (rowsOfTurn[Math.min(turn, TURNS)] ??= []).push(row);
    const isOk = columns.ok[row] === 1;
    begunNs[session] = Math.min(begunNs[session]!, columns.arrivalNs[row]!);
    endedNs[session] = isOk ? Math.max(endedNs[session]!, columns.lastTokenNs[row]!) : Infinity;
  }
  const times = Float64Array.from(endedNs, (endNs, session) => (endNs - begunNs[session]!) / 1e9)
    .filter((time) => time < Infinity)
    .sort();
  const last = turns.reduce((most, { turn }) => Math.max(most, turn!.turn), 0);
  return {
    count,
    completed: times.length,
    mean_session_s: meanOf(times),
    p50_session_s: rankOrNull(times, 0.5),
    p90_session_s: rankOrNull(times, 0.9),
    cached_share: cachedShare(
      columns,
      Array.from({ length: columns.rows }, (_, row) => row),
    ),
    by_turn: rowsOfTurn.map((rows, turn) => {
      const more = turn === TURNS && last > TURNS ? { to_turn: last + 1 } : {};
      return { turn: turn + 1, ...more, ...summaryOf(columns, rows) };
    }),
  };
}

function summaryOf(columns: Columns, rows: readonly number[]): Omit<TurnSummary, "turn"> {
  const answered = rows.filter((row) => columns.ok[row] === 1);
  const ttfts = Float64Array.from(answered, (row) => gapMs(columns.arrivalNs[row], columns.firstTokenNs[row])!).sort();
  return {
    requests: rows.length,
    completed: answered.length,
    mean_ttft_ms: meanOf(ttfts),
    p50_ttft_ms: rankOrNull(ttfts, 0.5),
    p90_ttft_ms: rankOrNull(ttfts, 0.9),
    cached_share: cachedShare(columns, answered),
  };
}

function cachedShare({ ok, promptTokens, cachedTokens }: Columns, rows: readonly number[]): number | null {
  let [cached, all] = [0, 0];
  for (const row of rows) {
    if (ok[row] !== 1) continue;
    if (cachedTokens[row]! < 0) return null;
    cached += cachedTokens[row]!;
    all += promptTokens[row]!;
  }
  return all === 0 ? null : cached / all;
}

function meanOf(values: Float64Array): number | null {
  return values.length === 0 ? null : mean(values);
}

function rankOrNull(sorted: Float64Array, p: number): number | null {
  return nearestRank(sorted, p) ?? null;
}
