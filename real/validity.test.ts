import { runNotes, validity } from "./validity.js";
import type { RunSurroundings } from "./surroundings.js";

const MS = 1_000_000;
const quiet: RunSurroundings = {
  otherCores: 0.1,
  cores: 2,
  durationNs: 5e9,
  ownCores: 0.2,
  eventLoop: { p50Ns: 0, p99Ns: 1 * MS, maxNs: 30 * MS },
};

test("a quiet run is valid and has no notes", () => {
  expect(validity([], [0, 1 * MS], quiet)).toEqual({ ok: true, reasons: [] });
  expect(runNotes(quiet)).toEqual([]);
});

test("some work of others is noted, more than half of the cores makes the run invalid", () => {
  const beside = { ...quiet, otherCores: 0.6 };
  expect(validity([], [], beside).ok).toBe(true);
  expect(runNotes(beside)[0]).toBe("other processes kept 0.6 of 2 cores busy during the run, so times may be too long");
  const crowded = { ...quiet, otherCores: 1.3 };
  expect(validity([], [], crowded).reasons[0]).toMatch(/^other processes kept 1.3 of 2 cores busy.*at most half/);
  expect(runNotes(crowded)).toEqual([]);
});

test("a run shorter than the counters can tell is not judged by them", () => {
  const short = { ...quiet, otherCores: 1.9, durationNs: 40 * MS };
  expect(validity([], [], short).ok).toBe(true);
  expect(runNotes({ ...short, otherCores: 0.5 })).toEqual([]);
});

test("a run whose client's event loop was late by more than 5 ms at P99 is not valid", () => {
  const heldUp = (p99Ns: number): RunSurroundings => ({ ...quiet, eventLoop: { p50Ns: 0, p99Ns, maxNs: 90 * MS } });
  expect(validity([], [], heldUp(5 * MS))).toEqual({ ok: true, reasons: [] });
  const { ok, reasons } = validity([], [], heldUp(12 * MS));
  expect(ok).toBe(false);
  expect(reasons).toEqual([
    expect.stringMatching(
      /^the client was held up: P99 of its event loop's delay is 12\.0 ms, at most 5 ms is valid; /,
    ),
  ]);
  expect(validity([], [], undefined, heldUp(12 * MS).eventLoop).reasons).toEqual(reasons);
  expect(runNotes(heldUp(12 * MS))).toEqual([]);
});
