/** Prints sessions: a run's turn by turn, and what those of a trace look like. */
import { percent } from "../formats/index.js";
import type { SessionStatistics, SessionSummary, Spread } from "../sim/index.js";
import { countFigure, figure, print, printTable } from "./output.js";

export function printSessions(sessions: SessionSummary | undefined): void {
  if (sessions === undefined) return;
  const { count, completed, mean_session_s: mean, p50_session_s: p50, p90_session_s: p90 } = sessions;
  const share = sessions.cached_share;
  const times = mean === null ? "" : `, in ${figure(mean)} s on average (p50 ${figure(p50)} s, p90 ${figure(p90)} s)`;
  print(
    `${countFigure(completed)} of ${countFigure(count)} sessions answered whole${times}; ` +
      `${share === null ? "-" : percent(share)} of all prompt tokens were cached`,
  );
  printTable(
    ["turn", "requests", "ttft mean, ms", "p50", "p90", "prompt cached"],
    sessions.by_turn.map((row) => [
      row.to_turn === undefined ? String(row.turn) : `${row.turn} to ${row.to_turn}`,
      String(row.requests),
      figure(row.mean_ttft_ms),
      figure(row.p50_ttft_ms),
      figure(row.p90_ttft_ms),
      row.cached_share === null ? "-" : percent(row.cached_share),
    ]),
  );
}

export function printSessionStatistics(statistics: SessionStatistics, blockTokens: number): void {
  const { sessions, turns, cutTurns, branches, prefix, pauseS } = statistics;
  print(`${sessions} sessions, ${turns} turns`);
  const row = (name: string, { mean, p50, p90, max }: Spread): string[] => {
    return [name, ...[mean, p50, p90, max].map((value) => figure(value))];
  };
  printTable(
    ["", "mean", "p50", "p90", "max"],
    [
      row("turns of a session", statistics.turnsPerSession),
      row("prompt tokens", statistics.promptTokens),
      row("new tokens of a prompt", statistics.newTokens),
      row("output tokens", statistics.outputTokens),
      ...(pauseS === undefined ? [] : [row("pause before a turn, s", pauseS)]),
    ],
  );
  print(
    `${cutTurns} turns keep only a part of the prompt that they continue; ${branches} continue another turn than the latest`,
  );
  print(
    `prefix cache: at most ${figure((100 * prefix.hitTokens) / prefix.promptTokens, 3)} % of the prompt tokens ` +
      `(${prefix.hitTokens.toLocaleString("en-US")}), with blocks of ${blockTokens} and nothing evicted`,
  );
}

/** The same for machines. */
export function sessionKeys(statistics: SessionStatistics, blockTokens: number): Record<string, unknown> {
  const { prefix } = statistics;
  return {
    sessions: statistics.sessions,
    turns: statistics.turns,
    turns_per_session: statistics.turnsPerSession,
    prompt_tokens: statistics.promptTokens,
    new_tokens: statistics.newTokens,
    output_tokens: statistics.outputTokens,
    pause_s: statistics.pauseS ?? null,
    cut_turns: statistics.cutTurns,
    branches: statistics.branches,
    prefix_cache: {
      block_tokens: blockTokens,
      hit_tokens: prefix.hitTokens,
      prompt_tokens: prefix.promptTokens,
      hit_fraction: prefix.hitTokens / prefix.promptTokens,
    },
  };
}
