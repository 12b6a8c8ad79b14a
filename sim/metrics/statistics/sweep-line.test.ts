import fc from "fast-check";
import { columnsOf, type RequestColumns } from "../request-columns.js";
import { intervalsUntil, sweepLine } from "./sweep-line.js";

/** Requests that arrive and end then; without an end they failed. */
function columnsWith(times: readonly (readonly [startNs: number, endNs?: number])[]): RequestColumns {
  return columnsOf(
    times.map(([arrivalNs, lastTokenNs], id) => ({
      requestId: `${id}`,
      arrivalNs,
      promptTokens: 1,
      outputTokens: 1,
      ...(lastTokenNs === undefined ? { status: "error" } : { status: "ok", lastTokenNs }),
    })),
  );
}

function sweep(times: readonly (readonly [startNs: number, endNs: number])[]): unknown {
  const columns = columnsWith(times);
  return sweepLine(intervalsUntil(columns, columns.lastTokenNs));
}

describe("sweepLine", () => {
  it("finds the peak and the area of three overlapping intervals", () => {
    // 0-10, 5-20, 8-9: one open for 5 + 10, two for 3 + 1, three for 1
    expect(
      sweep([
        [8, 9],
        [0, 10],
        [5, 20],
      ]),
    ).toEqual({ max: 3, areaNs: 26 });
  });

  it("does not count back-to-back intervals as overlapping", () => {
    expect(
      sweep([
        [0, 10],
        [10, 20],
      ]),
    ).toEqual({ max: 1, areaNs: 20 });
  });

  it("gives nothing an area of nothing", () => {
    expect(sweep([])).toEqual({ max: 0, areaNs: 0 });
  });

  it("agrees with counting at every instant", () => {
    const interval = fc.record({ start: fc.nat(40), length: fc.nat(15) });
    fc.assert(
      fc.property(fc.array(interval, { maxLength: 25 }), (intervals) => {
        const counts = Array.from(
          { length: 60 },
          (_, at) => intervals.filter(({ start, length }) => start <= at && at < start + length).length,
        );
        expect(sweep(intervals.map(({ start, length }) => [start, start + length]))).toEqual({
          max: Math.max(...counts),
          areaNs: counts.reduce((sum, count) => sum + count, 0),
        });
      }),
    );
  });
});

describe("intervalsUntil", () => {
  it("sorts arrivals and ends of those that have ended, and leaves the columns as they are", () => {
    const request = fc.record({ start: fc.nat(40), length: fc.option(fc.nat(15), { nil: undefined }) });
    const ascending = (values: number[]): number[] => values.sort((a, b) => a - b);
    fc.assert(
      fc.property(fc.array(request, { maxLength: 25 }), (requests) => {
        const columns = columnsWith(
          requests.map(({ start, length }) => (length === undefined ? [start] : [start, start + length])),
        );
        const ended = requests.filter(({ length }) => length !== undefined);
        const { startsNs, endsNs } = intervalsUntil(columns, columns.lastTokenNs);
        expect([...startsNs]).toEqual(ascending(ended.map(({ start }) => start)));
        expect([...endsNs]).toEqual(ascending(ended.map(({ start, length }) => start + length!)));
        expect([...columns.arrivalNs]).toEqual(requests.map(({ start }) => start));
      }),
    );
  });
});
