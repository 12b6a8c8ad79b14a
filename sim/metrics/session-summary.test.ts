import { summariseSessions } from "./session-summary.js";

const S = 1e9;

describe("the summary of sessions", () => {
  it("tells ttft and cached share by turn, and how long whole sessions took, pauses included", () => {
    const turns = [
      { session: 0, turn: 0, pauseNs: 0 },
      { session: 0, turn: 1, after: 0, pauseNs: 3 * S },
      { session: 1, turn: 0, pauseNs: 0 },
      { session: 1, turn: 1, after: 2, pauseNs: 0 },
    ].map((turn) => ({ turn }));
    const columns = {
      rows: 4,
      ok: Uint8Array.of(1, 1, 1, 0),
      arrivalNs: Float64Array.of(0, 5 * S, 1 * S, 9 * S),
      firstTokenNs: Float64Array.of(1 * S, 5.5 * S, 4 * S, NaN),
      lastTokenNs: Float64Array.of(2 * S, 7 * S, 9 * S, NaN),
      promptTokens: Int32Array.of(100, 200, 100, 300),
      cachedTokens: Int32Array.of(0, 150, 40, 0),
    };
    expect(summariseSessions(columns, turns, 2)).toEqual({
      count: 2,
      completed: 1,
      mean_session_s: 7,
      p50_session_s: 7,
      p90_session_s: 7,
      cached_share: 190 / 400,
      by_turn: [
        {
          turn: 1,
          requests: 2,
          completed: 2,
          mean_ttft_ms: 2000,
          p50_ttft_ms: 1000,
          p90_ttft_ms: 3000,
          cached_share: 0.2,
        },
        {
          turn: 2,
          requests: 2,
          completed: 1,
          mean_ttft_ms: 500,
          p50_ttft_ms: 500,
          p90_ttft_ms: 500,
          cached_share: 0.75,
        },
      ],
    });
  });

  it("puts turns after the tenth into one row, and knows nothing of turns that got no answer", () => {
    const turns = Array.from({ length: 13 }, (_, turn) => ({ turn: { session: 0, turn, pauseNs: 0 } }));
    const none = new Float64Array(13).fill(NaN);
    const columns = {
      rows: 13,
      ok: new Uint8Array(13),
      arrivalNs: new Float64Array(13),
      firstTokenNs: none,
      lastTokenNs: none,
      promptTokens: new Int32Array(13).fill(5),
      cachedTokens: new Int32Array(13),
    };
    const { by_turn: byTurn, completed, mean_session_s: mean } = summariseSessions(columns, turns, 1);
    expect([completed, mean, byTurn.length]).toEqual([0, null, 11]);
    expect(byTurn[10]).toMatchObject({ turn: 11, to_turn: 13, requests: 3, mean_ttft_ms: null, cached_share: null });
  });
});
