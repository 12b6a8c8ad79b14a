import { loadSchema, type Load, type Session } from "../../../formats/index.js";
import { sessionsFromLoad, workloadFromSessions } from "./from-sessions.js";
import { sessionStatistics } from "../traces/session-statistics.js";

const loadOf = (given: object): Load => loadSchema.parse(given);
const two: Session[] = [
  {
    id: "a",
    turns: [
      { promptTokens: 100, outputTokens: 20, pauseNs: 0, shared: [[-2, 60]] },
      { promptTokens: 150, outputTokens: 10, pauseNs: 5, after: 0, follows: { turn: 0, tokens: 120 } },
      { promptTokens: 80, outputTokens: 10, pauseNs: 6, after: 1, follows: { turn: 0, tokens: 64 } },
    ],
  },
  { id: "b", turns: [{ promptTokens: 90, outputTokens: 20, pauseNs: 0, shared: [[-2, 60]] }] },
];
const trace = { workload: "x" };

describe("the workload of sessions", () => {
  it("says what prompts begin with, what they wait for, and gives every answer and every new part an id", () => {
    const { requests, sessions } = workloadFromSessions(loadOf({ ...trace, max_sessions: 3 }), two, "1");
    expect(sessions).toEqual({ count: 2, maxConcurrent: 3 });
    expect(requests.map(({ id }) => id)).toEqual(["a/0", "a/1", "a/2", "b/0"]);
    expect(requests[0]).toMatchObject({ content: [[-2, 60], [0, 40]], answer: [[1, 20]] }); // prettier-ignore
    expect(requests[2]).toMatchObject({
      content: [[4, 16]],
      follows: { index: 0, tokens: 64 },
      turn: { session: 0, turn: 2, after: 1, pauseNs: 6 },
    });
  });

  it("takes sessions again from the first where more are asked for, with what is their own kept apart", () => {
    const { requests } = workloadFromSessions(loadOf({ ...trace, session_rate: 2, num_sessions: 4 }), two, "1");
    expect(requests.map(({ id }) => id)).toEqual(["a/0", "a/1", "a/2", "b/0", "a+2/0", "a+2/1", "a+2/2", "b+3/0"]);
    expect(requests[4]!.content).toEqual([[-2, 60], [8, 40]]); // prettier-ignore
    expect(requests[5]!.follows).toEqual({ index: 4, tokens: 120 });
    const starts = requests.flatMap(({ arrivalNs }) => (arrivalNs === undefined ? [] : [arrivalNs]));
    expect(starts).toHaveLength(4);
    expect([...starts].sort((a, b) => a - b)).toEqual(starts);
  });

  it("rejects a load that does not say when sessions start, and keys of other loads", () => {
    expect(() => workloadFromSessions(loadOf(trace), two, "1")).toThrow("expected max_sessions or session_rate");
    expect(() => workloadFromSessions(loadOf({ ...trace, max_sessions: 1, request_rate: 3 }), two, "1")).toThrow(
      "request_rate cannot be given with it",
    );
    const timed = two.map((session) => ({ ...session, startNs: 5 }));
    expect(workloadFromSessions(loadOf(trace), timed, "1").requests[3]!.arrivalNs).toBe(5);
    expect(() => workloadFromSessions(loadOf({ ...trace, num_sessions: 3 }), timed, "1")).toThrow(
      "the trace has 2, which begin at their recorded times",
    );
  });

  it("draws sessions with the asked means, the same for a seed", () => {
    const load = loadOf({
      dataset_name: "sessions",
      max_sessions: 1,
      num_sessions: 2000,
      sessions_turns: 4,
      sessions_turns_cv: 0.5,
      sessions_system_len: 100,
      sessions_input_len: 300,
      sessions_input_cv: 1,
      sessions_think_s: 2,
      sessions_think_cv: 1,
    });
    const sessions = sessionsFromLoad(load, "1");
    expect(sessionsFromLoad(load, "1")).toEqual(sessions);
    const { newTokens, pauseS, turnsPerSession, outputTokens } = sessionStatistics(sessions, 16);
    expect(turnsPerSession.mean).toBeCloseTo(4, 0);
    // The first turns have the 100 tokens that all begin with.
    expect(newTokens.mean).toBeGreaterThan(300);
    expect(newTokens.mean).toBeLessThan(345);
    expect(pauseS!.mean).toBeCloseTo(2, 0);
    expect(outputTokens).toEqual({ mean: 128, p50: 128, p90: 128, max: 128 });
  });
});

describe("the statistics of sessions", () => {
  it("tell the most that a prefix cache could save, turns that were cut, and branches", () => {
    // First turns share 60 tokens: 48; a/1 has 119 of 120 tokens: 112; a/2 the first 64.
    expect(sessionStatistics(two, 16)).toMatchObject({
      sessions: 2,
      turns: 4,
      cutTurns: 1,
      branches: 1,
      prefix: { hitTokens: 48 + 112 + 64, promptTokens: 100 + 150 + 80 + 90 },
    });
  });
});
