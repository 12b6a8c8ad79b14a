import type { RequestColumns, Workload } from "../../formats/index.js";
import { independentTurns, sessionsKeptUp, steadyTurns } from "./steady-turns.js";

interface Shape {
  readonly sessions: number;
  readonly turns: number;
  /** Between the begins of two sessions, and between two turns of one, s. */
  readonly everyS: number;
  readonly gapS: number;
  /** Of a turn sent at that time, s. */
  readonly latencyS?: (atS: number) => number;
}

/** Sessions that begin evenly, with turns of 100 tokens. */
function run({ sessions, turns, everyS, gapS, latencyS = () => 1 }: Shape): {
  table: RequestColumns;
  workload: Workload;
} {
  const sent = Array.from({ length: sessions * turns }, (_, row) => {
    const [session, turn] = [Math.floor(row / turns), row % turns];
    return { session, turn, atS: session * everyS + turn * gapS };
  });
  const ns = (of: (atS: number) => number): Float64Array => Float64Array.from(sent, ({ atS }) => 1e9 * of(atS));
  const after = (share: number) => ns((atS) => atS + share * latencyS(atS));
  return {
    table: {
      rows: sent.length,
      ...{
        arrivalNs: after(0),
        sentNs: after(0),
        scheduledNs: after(0),
        firstTokenNs: after(0.5),
        lastTokenNs: after(1),
      },
      promptTokens: new Int32Array(sent.length).fill(90),
      outputTokens: new Int32Array(sent.length).fill(10),
      ok: new Uint8Array(sent.length).fill(1),
      requestId: String,
    },
    workload: {
      requests: sent.map(({ session, turn }, row) => ({
        id: String(row),
        ...{ promptTokens: 90, outputTokens: 10 },
        turn: { session, turn, pauseNs: 0, ...(turn === 0 ? {} : { after: row - 1 }) },
      })),
      ...{ maxConcurrency: Infinity, thinkNs: 0, sessions: { count: sessions, maxConcurrent: Infinity } },
    },
  };
}

test("turns count from when nearly all of a session's work has come until the last session begins", () => {
  const { table, workload } = run({ sessions: 200, turns: 5, everyS: 1, gapS: 10 });
  const { rows, fromNs, toNs, begun } = steadyTurns(table, workload);
  expect([fromNs / 1e9, toNs / 1e9]).toEqual([40, 199]);
  // Five turns a second, at all times of a session.
  expect(rows.length / 160).toBeCloseTo(5, 0);
  expect(begun).toBe(159);
  const ofTurn = (turn: number): number =>
    [...rows].filter((row) => workload.requests[row]!.turn!.turn === turn).length;
  expect([0, 1, 2, 3, 4].map(ofTurn)).toEqual([160, 160, 160, 160, 160]);
  expect([...rows].every((row, at) => at === 0 || table.arrivalNs[row]! >= table.arrivalNs[rows[at - 1]!]!)).toBe(true);
});

test("what does not look steady after that is cut off, too", () => {
  const latencyS = (atS: number): number => (atS < 70 ? 20 : 1 + 0.1 * (atS % 3));
  const { table, workload } = run({ sessions: 200, turns: 5, everyS: 1, gapS: 10, latencyS });
  const { fromNs } = steadyTurns(table, workload);
  expect(fromNs / 1e9).toBeGreaterThanOrEqual(70);
  expect(fromNs / 1e9).toBeLessThan(73);
});

test("of a run that is shorter than its sessions half is cut off", () => {
  const { table, workload } = run({ sessions: 100, turns: 5, everyS: 1, gapS: 100 });
  expect(steadyTurns(table, workload).fromNs / 1e9).toBeCloseTo(49.5, 1);
});

test("a server keeps up with sessions while no more turns are left without an answer", () => {
  const kept = run({ sessions: 1000, turns: 4, everyS: 0.1, gapS: 2 });
  const goal = sessionsKeptUp(kept.table, steadyTurns(kept.table, kept.workload));
  expect(goal.value).toBeCloseTo(1, 1);
  expect(goal.ratio).toBeLessThan(1);
  // Of ten sessions that begin, two are stuck at a turn that has no answer before the end.
  const stuck = run({ sessions: 1000, turns: 4, everyS: 0.1, gapS: 2 });
  for (let session = 0; session < 1000; session += 5) {
    for (let turn = 1; turn < 4; turn++) stuck.table.arrivalNs[4 * session + turn] = 1e15;
    for (let turn = 0; turn < 4; turn++) stuck.table.lastTokenNs[4 * session + turn] = 2e15;
  }
  const missed = sessionsKeptUp(stuck.table, steadyTurns(stuck.table, stuck.workload));
  expect(missed.value).toBeCloseTo(1 / 0.8, 1);
  expect(missed.ratio).toBeGreaterThan(1);
});

test("turns of one session that are all alike are worth one, turns that differ as much as any are worth themselves", () => {
  const sessionOf = (at: number): number => at % 50;
  const noise = (at: number): number => Math.sin(12.9898 * at * at) % 1;
  const alike = Float64Array.from({ length: 500 }, (_, at) => noise(sessionOf(at) + 7));
  expect(independentTurns(alike, sessionOf)).toBeCloseTo(50, -1);
  const apart = Float64Array.from({ length: 500 }, (_, at) => noise(at + 3));
  expect(independentTurns(apart, sessionOf)).toBeGreaterThan(250);
});
