import { contestsOf, nameOf } from "./contests.js";
import type { SweepTable } from "../table.js";

const columns = ["cell", "profile", "label", "seed", "error", "policy.max_num_seqs", "load.request_rate", "capacity.verdict", "ms", "ms_low", "ms_high"]; // prettier-ignore

interface Cell {
  readonly label?: string;
  readonly seqs?: number | null;
  readonly rate?: number;
  readonly seed?: string;
  readonly verdict?: string;
  readonly error?: string;
  readonly ms: number | null;
  readonly reach?: number | null;
}

const table = (cells: readonly Cell[]): SweepTable => ({
  columns,
  rows: cells.map(
    ({ label = "vllm", seqs = 8, rate = 4, seed = "1", verdict = "below", error = null, ms, reach = 1 }) => {
      const ends = ms === null || reach === null ? [null, null] : [ms - reach, ms + reach];
      return ["x", "p", label, seed, error, seqs, rate, verdict, ms, ...ends];
    },
  ),
});

test("settings compete at each place: the least wins, seeds count together, and intervals tell who is as good", () => {
  const contests = contestsOf(
    table([
      { seqs: 8, rate: 4, ms: 10 },
      { seqs: 8, rate: 4, ms: 14, seed: "2" },
      { seqs: 16, rate: 4, ms: 8 },
      { seqs: 8, rate: 8, ms: 25, reach: 5 },
      { seqs: 16, rate: 8, ms: 18 },
    ]),
    "ms",
  );
  expect(contests.map(({ place, first, lead }) => [place, first.length, lead])).toEqual([
    // The seeds' intervals are 9 to 15 together, beside 7 to 9: they touch.
    ["4 requests/s", 2, undefined],
    ["8 requests/s", 1, 0.28],
  ]);
  expect(contests[0]!.ranked).toEqual([
    { name: "max_num_seqs 16", parts: ["max_num_seqs 16"], value: 8, interval: [7, 9], isAbove: false },
    { name: "max_num_seqs 8", parts: ["max_num_seqs 8"], value: 12, interval: [9, 15], isAbove: false },
  ]);
});

test("who cannot keep up comes last, whatever its figure, and is no equal of who does", () => {
  const [contest] = contestsOf(
    table([
      { seqs: 8, ms: 9, verdict: "above" },
      { seqs: 16, ms: 9 },
    ]),
    "ms",
  );
  expect(contest).toMatchObject({ place: "", first: [{ name: "max_num_seqs 16" }], next: { isAbove: true } });
});

test("failed cells and those without the statistic take no part; without intervals nothing is as good", () => {
  const cells = [{ seqs: 8, ms: 5, reach: null }, { seqs: 16, ms: 7, reach: null }, { seqs: 32, ms: null }, { seqs: 64, ms: null, error: "no" }]; // prettier-ignore
  const [contest] = contestsOf(table(cells), "ms");
  expect(contest).toMatchObject({ isKnown: false, first: [{ name: "max_num_seqs 8" }] });
  expect(contest!.ranked).toHaveLength(2);
  expect(contestsOf(table([{ seqs: 8, ms: null }]), "ms")).toEqual([]);
});

test("with one setting alone nothing competes", () => {
  const contests = contestsOf(table([{ rate: 4, ms: 5 }, { rate: 8, ms: 7 }]), "ms"); // prettier-ignore
  expect(contests.map(({ place, ranked, next }) => [place, ranked[0]!.name, next])).toEqual([
    ["4 requests/s", "vllm", undefined],
    ["8 requests/s", "vllm", undefined],
  ]);
});

test("some are called by the settings that they alone share, else by all their names", () => {
  const contestant = (...parts: string[]) => ({ name: parts.join(", "), parts, value: 1, isAbove: false });
  const [a, b, c] = [contestant("x 1", "y 1"), contestant("x 1", "y 2"), contestant("x 2", "y 1")];
  expect(nameOf([a, b], [a, b, c])).toBe("x 1");
  expect(nameOf([a], [a, b, c])).toBe("x 1, y 1");
  expect(nameOf([b, c], [a, b, c])).toBe("anything but x 1, y 1");
  const d = contestant("x 2", "y 2");
  expect(nameOf([b, c], [a, b, c, d])).toBe("x 1, y 2 and x 2, y 1");
});
