import fc from "fast-check";
import { sweepLine } from "./sweep-line.js";

describe("sweepLine", () => {
  it("finds the peak and the area of three overlapping intervals", () => {
    // 0-10, 5-20, 8-9: one open for 5 + 10, two for 3 + 1, three for 1
    expect(sweepLine(Float64Array.of(0, 5, 8), Float64Array.of(10, 20, 9))).toEqual({ max: 3, areaNs: 26 });
  });

  it("does not count back-to-back intervals as overlapping", () => {
    expect(sweepLine(Float64Array.of(0, 10), Float64Array.of(10, 20))).toEqual({ max: 1, areaNs: 20 });
  });

  it("gives nothing an area of nothing", () => {
    expect(sweepLine(new Float64Array(0), new Float64Array(0))).toEqual({ max: 0, areaNs: 0 });
  });

  it("agrees with counting at every instant", () => {
    const interval = fc.record({ start: fc.nat(40), length: fc.nat(15) });
    fc.assert(
      fc.property(fc.array(interval, { maxLength: 25 }), (intervals) => {
        const counts = Array.from(
          { length: 60 },
          (_, at) => intervals.filter(({ start, length }) => start <= at && at < start + length).length,
        );
        const starts = Float64Array.from(intervals, ({ start }) => start);
        const ends = Float64Array.from(intervals, ({ start, length }) => start + length);
        expect(sweepLine(starts, ends)).toEqual({
          max: Math.max(...counts),
          areaNs: counts.reduce((sum, count) => sum + count, 0),
        });
      }),
    );
  });
});
