/** What sessions look like: turns, how prompts grow, pauses, and the most that a prefix cache could save of them. */
import { contentTokens, type Session } from "../../../formats/index.js";
import { prefixCeiling, type PrefixCeiling } from "./prefix-ceiling.js";
import { valueStatistics } from "./trace-statistics.js";

export interface Spread {
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly max: number;
}

export interface SessionStatistics {
  readonly sessions: number;
  readonly turns: number;
  readonly turnsPerSession: Spread;
  readonly promptTokens: Spread;
  /** Tokens of a prompt after what it continues. */
  readonly newTokens: Spread;
  readonly outputTokens: Spread;
  /** Before turns that wait for an answer, s; absent when there are none. */
  readonly pauseS?: Spread;
  /** Turns that begin with only a part of an earlier turn, and those that do not continue the latest one. */
  readonly cutTurns: number;
  readonly branches: number;
  readonly prefix: PrefixCeiling;
}

export function sessionStatistics(sessions: readonly Session[], blockTokens: number): SessionStatistics {
  const turns = sessions.flatMap((session) => session.turns);
  const following = sessions.flatMap((session) =>
    session.turns.flatMap((turn, place) => (turn.follows === undefined ? [] : [{ session, turn, place }])),
  );
  const pauses = turns.flatMap(({ after, pauseNs }) => (after === undefined ? [] : [pauseNs / 1e9]));
  return {
    sessions: sessions.length,
    turns: turns.length,
    turnsPerSession: spreadOf(sessions.map((session) => session.turns.length)),
    promptTokens: spreadOf(turns.map(({ promptTokens }) => promptTokens)),
    newTokens: spreadOf(turns.map(({ promptTokens, follows }) => promptTokens - (follows?.tokens ?? 0))),
    outputTokens: spreadOf(turns.map(({ outputTokens }) => outputTokens)),
    ...(pauses.length === 0 ? {} : { pauseS: spreadOf(pauses) }),
    cutTurns: following.filter(({ session, turn }) => {
      return turn.follows!.tokens < session.turns[turn.follows!.turn]!.promptTokens;
    }).length,
    branches: following.filter(({ turn, place }) => turn.follows!.turn !== place - 1).length,
    prefix: ceilingOf(sessions, blockTokens),
  };
}

/** Nothing evicted; whole blocks; one token of each prompt is computed, and the last of an answer never was. */
function ceilingOf(sessions: readonly Session[], blockTokens: number): PrefixCeiling {
  const first = sessions.flatMap((session, number) =>
    session.turns.flatMap(({ promptTokens, outputTokens, follows, shared = [] }, place) => {
      if (follows !== undefined) return [];
      const own = promptTokens - contentTokens(shared);
      const content = [...shared, ...(own > 0 ? [[2 ** 40 + number * 2 ** 10 + place, own] as const] : [])];
      return [{ id: "", promptTokens, outputTokens, content }];
    }),
  );
  const begun = prefixCeiling(first, blockTokens) ?? { hitTokens: 0, promptTokens: 0 };
  let { hitTokens, promptTokens } = begun;
  for (const { turns } of sessions) {
    for (const turn of turns) {
      if (turn.follows === undefined) continue;
      const before = turns[turn.follows.turn]!;
      const computed = before.promptTokens + before.outputTokens - 1;
      const shared = Math.min(turn.follows.tokens, computed, turn.promptTokens - 1);
      hitTokens += Math.floor(shared / blockTokens) * blockTokens;
      promptTokens += turn.promptTokens;
    }
  }
  return { hitTokens, promptTokens };
}

function spreadOf(values: readonly number[]): Spread {
  const { mean, p50, p90, max } = valueStatistics(values);
  return { mean, p50, p90, max };
}
