import type { Contest, Contestant } from "./contests.js";
import type { SweepStatus } from "../status.js";
import { sweepText } from "./sweep-text.js";

const done: SweepStatus = {
  ...{ cells: 4, finished: 4, failed: [], failedCount: 0, impossible: [], impossibleCount: 0, left: 0 },
  reasons: new Map(),
};
const one = (name: string, value: number, isAbove = false): Contestant => ({ name, parts: name.split(", "), value, interval: [value, value], isAbove }); // prettier-ignore

/** `equal`: how many of the ranked are equally good, from the best on. */
function contest(place: string, ranked: readonly Contestant[], equal = 1): Contest {
  const next = ranked[equal];
  const lead = next === undefined ? {} : { next, lead: (next.value - ranked[0]!.value) / next.value };
  return { place, ranked, first: ranked.slice(0, equal), isKnown: true, ...lead };
}

const headline = (contests: readonly Contest[]): string => sweepText(contests, done).headline;
const [a, b, c] = [one("x 1, y 1", 100), one("x 1, y 2", 110), one("x 2, y 1", 200)];

test("winners are named with the places where they win", () => {
  expect(headline([contest("4/s", [a, c]), contest("8/s", [a, c])])).toBe("x 1, y 1 answers fastest in both places.");
  expect(headline([contest("4/s", [a, c]), contest("8/s", [c, a])])).toBe(
    "x 1, y 1 answers fastest at 4/s and x 2, y 1 at 8/s.",
  );
  expect(headline([contest("", [a, c])])).toBe("x 1, y 1 answers fastest.");
  const many = Array.from({ length: 9 }, (_, at) => contest(`${at}/s`, at < 6 ? [a, c] : [c, a], at > 6 ? 2 : 1));
  expect(headline(many)).toBe(
    "x 1, y 1 answers fastest in 6 of 9 places and x 2, y 1 at 6/s. At 7/s and 8/s, both settings are too close to tell apart.",
  );
});

test("those that are equally good are called by what they alone share", () => {
  expect(headline([contest("4/s", [a, b, c], 2), contest("8/s", [a, b, c], 3)])).toBe(
    "x 1 answers fastest at 4/s. At 8/s, all 3 settings are too close to tell apart.",
  );
  expect(headline([contest("", [a, c, b], 2)])).toBe("y 1 answers fastest.");
  const d = one("x 2, y 2", 300);
  expect(headline([contest("", [a, d, b, c], 2)])).toBe("x 1, y 1 and x 2, y 2 answer fastest.");
  expect(headline([contest("", [a, b, c, d], 3)])).toBe("Anything but x 2, y 2 answers fastest.");
});

test("one setting alone has a range; where nothing keeps up nobody wins; without a figure there is none", () => {
  expect(headline([contest("4/s", [a]), contest("8/s", [one("x 1, y 1", 12_000)])])).toBe(
    "x 1, y 1 answers in 100 ms (4/s) to 12.0 s (8/s) on average.",
  );
  const above = [one("a", 1, true), one("b", 2, true)];
  expect(headline([contest("4/s", above)])).toBe("Nothing that was tried keeps up anywhere.");
  expect(headline([contest("4/s", [a, c]), contest("8/s", above)])).toBe("x 1, y 1 answers fastest at 4/s. Nothing keeps up at 8/s."); // prettier-ignore
  expect(headline([])).toBe("No cell of this sweep has a mean latency yet.");
});

test("paragraphs say by how much, whether to believe it, who cannot keep up, and how far the sweep is", () => {
  const contests = [contest("4/s", [a, c]), contest("8/s", [a, b], 2), contest("9/s", [a, one("d", 9, true)])];
  const status = {
    ...done,
    cells: 9,
    finished: 6,
    left: 2,
    failed: [{ cell: {} as never, reason: "x" }],
    failedCount: 1,
  };
  expect(sweepText(contests, status).paragraphs).toEqual([
    "The best answers 50 % sooner than the next that can be told from it: x 1, y 1 (100 ms) against x 2, y 1 (200 ms) at 4/s.",
    "The order is a prediction: nothing was run for real. Settings count as too close to tell apart where the intervals that hold 9 of 10 runs have values in common; in 2 of 3 places one setting is ahead of all others by more than that.", // prettier-ignore
    "1 of 6 combinations get more than they can serve: their latencies grow with the run, and they are ranked last.",
    "6 of 9 cells are finished; 2 are not simulated yet and 1 failed.",
  ]);
  const unknown = { ...contest("4/s", [a, c]), isKnown: false };
  expect(sweepText([unknown], done).paragraphs[1]).toContain("How much runs differ is not known");
});
