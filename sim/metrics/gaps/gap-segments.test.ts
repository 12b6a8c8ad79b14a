import fc from "fast-check";
import { stream } from "../../kernel/index.js";
import { GapSegments } from "./gap-segments.js";
import { quantile } from "../statistics/quantile.js";
import { statisticsOf } from "../statistics/statistics.js";

interface Segment {
  readonly start: number;
  readonly increment: number;
  readonly count: number;
  readonly weight: number;
}

function collect(segments: readonly Segment[]): GapSegments {
  const gaps = new GapSegments();
  for (const { start, increment, count, weight } of segments) {
    if (count === 1) gaps.addOne(start, weight);
    else gaps.add(start, increment, count, weight);
  }
  return gaps;
}

function writtenOut(segments: readonly Segment[]): number[] {
  return segments.flatMap(({ start, increment, count, weight }) =>
    Array.from({ length: count * weight }, (_, i) => start + increment * (i % count)),
  );
}

/** Quantiles as from the sorted sample; mean and deviation from exact sums. */
function expectStatisticsOf(values: readonly number[], gaps: GapSegments): void {
  const statistics = gaps.describe()!;
  const sortedMs = Float64Array.from(values, (value) => value / 1e6).sort();
  expect(gaps.gaps).toBe(values.length);
  for (const [name, p] of [
    ["median", 0.5],
    ["p50", 0.5],
    ["p90", 0.9],
    ["p95", 0.95],
    ["p99", 0.99],
  ] as const) {
    expect(statistics[name]).toBe(quantile(sortedMs, p));
  }
  const n = BigInt(values.length);
  const sum = values.reduce((total, value) => total + BigInt(value), 0n);
  const scatter = values.reduce((total, value) => total + (n * BigInt(value) - sum) ** 2n, 0n); // n^3 times the variance
  const std = Math.sqrt(Number(scatter) / Number(n) ** 3) / 1e6;
  expect(Math.abs(statistics.mean - Number(sum) / Number(n) / 1e6)).toBeLessThanOrEqual(4e-16 * statistics.mean);
  expect(Math.abs(statistics.std - std)).toBeLessThanOrEqual(1e-14 * std);
}

function segmentOf(reach: number, steps: number): fc.Arbitrary<Segment> {
  return fc.record({
    start: fc.nat(reach),
    increment: fc.nat(steps),
    count: fc.integer({ min: 1, max: 40 }),
    weight: fc.integer({ min: 1, max: 6 }),
  });
}
const segments = fc.oneof(
  fc.array(segmentOf(3, 1), { minLength: 1, maxLength: 12 }), // many ties
  fc.array(segmentOf(100_000_000, 5_000), { minLength: 1, maxLength: 30 }), // as in a run
  fc.array(fc.oneof(segmentOf(9, 1), segmentOf(1e15, 8e13)), { minLength: 1, maxLength: 12 }), // far apart
);

describe("GapSegments", () => {
  it("describes four gaps by hand", () => {
    const gaps = new GapSegments();
    gaps.add(2e6, 2e6, 2, 1); // 2 and 4 ms
    gaps.addOne(6e6, 2);
    expect(gaps.gaps).toBe(4);
    expect(gaps.describe()).toMatchObject({ mean: 4.5, median: 5, p50: 5, p90: 6, p99: 6, std: Math.sqrt(2.75) });
  });

  it("gives what writing every gap out and sorting gives", () => {
    fc.assert(
      fc.property(segments, (list) => {
        expectStatisticsOf(writtenOut(list), collect(list));
      }),
      { numRuns: 400 },
    );
  });

  it("gives the same bits however the same gaps were cut into progressions", () => {
    fc.assert(
      fc.property(segments, fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), (list, chances) => {
        const chance = (): number => chances.next().value as number;
        const pieces = list.flatMap((segment) => cut(segment, chance));
        pieces.sort(() => chance() - 0.5);
        expect(collect(pieces).describe()).toEqual(collect(list).describe());
        const single = writtenOut(list).map((start) => ({ start, increment: 0, count: 1, weight: 1 }));
        expect(collect(single).describe()).toEqual(collect(list).describe());
      }),
    );
  });

  it.each(["all equal", "two values", "wide", "dense"])("agrees with sorting over 30,000 gaps: %s", (kind) => {
    const random = stream("1/0/gaps");
    const value = (): number => {
      if (kind === "all equal") return 7_000_000;
      if (kind === "two values") return random() < 0.9 ? 0 : 4e15;
      if (kind === "wide") return Math.floor(Math.exp(random() * 35));
      return 20_000_000 + Math.floor(random() * 100);
    };
    const list = Array.from({ length: 3_000 }, () => ({ start: value(), increment: 0, count: 10, weight: 1 }));
    expectStatisticsOf(writtenOut(list), collect(list));
  });

  it("agrees with sorting where long and short progressions overlap", () => {
    const random = stream("2/0/gaps");
    const list = Array.from({ length: 500 }, () => ({
      start: Math.floor(random() * 1e6),
      increment: Math.floor(Math.exp(random() * 12)),
      count: 1 + Math.floor(random() * 150),
      weight: 1 + Math.floor(random() * 3),
    }));
    expectStatisticsOf(writtenOut(list), collect(list));
  });

  it("counts a gap as often as it is given, up to what a weight holds and beyond", () => {
    const gaps = new GapSegments();
    for (const weight of [1, 65_535, 65_536, 2 ** 40]) gaps.addOne(3e6, weight);
    gaps.addOne(1e6, 3);
    expect(gaps.gaps).toBe(2 ** 40 + 131_075);
    expect(gaps.describe()).toMatchObject({ median: 3, p99: 3 });
    expect([...gaps.quantilesMs([0])]).toEqual([1]);
  });

  it("counts 10^12 gaps: a ramp has the moments of the uniform distribution", () => {
    const gaps = new GapSegments();
    for (let i = 0; i < 100; i++) gaps.add(0, 1000, 1_000_001, 10_000);
    expect(gaps.gaps).toBe(1_000_001e6);
    const statistics = gaps.describe()!;
    expect(statistics).toMatchObject({ mean: 500, median: 500 });
    expect(statistics.p99).toBeCloseTo(990, 9);
    expect(statistics.std).toBeCloseTo(1000 / Math.sqrt(12), 3);
  });

  it("is about the same as the statistics of a sample in ms", () => {
    const values = Float64Array.of(12e6, 11e6, 30e6, 10e6);
    const gaps = new GapSegments();
    for (const value of values) gaps.addOne(value, 1);
    const sample = statisticsOf(values.map((value) => value / 1e6))!;
    for (const [name, value] of Object.entries(gaps.describe()!)) {
      expect(value).toBeCloseTo(sample[name as keyof typeof sample], 12);
    }
  });

  it("says null for no gaps", () => {
    expect(new GapSegments().describe()).toBeNull();
  });

  it("rejects gaps that are negative, in parts of a ns, too long or too many", () => {
    const gaps = new GapSegments();
    expect(() => {
      gaps.addOne(-1, 1);
    }).toThrow("gap of -1 ns, 1 times, expected whole numbers");
    expect(() => {
      gaps.addOne(1, 0);
    }).toThrow("0 times");
    expect(() => {
      gaps.add(0.5, 1, 2, 1);
    }).toThrow("2 gaps from 0.5 ns by 1 ns, 1 times each");
    expect(() => {
      gaps.add(1, -1, 2, 1);
    }).toThrow("by -1 ns");
    expect(() => {
      gaps.add(2 ** 51, 2 ** 51, 3, 1);
    }).toThrow("to 2^52 ns");
    expect(gaps.gaps).toBe(0);
    for (let i = 0; i < 2; i++) gaps.addOne(1, Number.MAX_SAFE_INTEGER);
    expect(() => gaps.describe()).toThrow("expected at most 2^53 - 1");
  });
});

/** The same gaps in up to four pieces: some terms apart from the rest, some of the weight apart from the rest. */
function cut({ start, increment, count, weight }: Segment, chance: () => number): Segment[] {
  const terms = Math.floor(chance() * count);
  const times = Math.floor(chance() * weight);
  const pieces = [
    { start, increment, count: terms, weight: times },
    { start, increment, count: terms, weight: weight - times },
    { start: start + terms * increment, increment, count: count - terms, weight: times },
    { start: start + terms * increment, increment, count: count - terms, weight: weight - times },
  ];
  return pieces.filter((piece) => piece.count > 0 && piece.weight > 0);
}
