import { expectedNs } from "./expected-time.js";
import { shapeName, type BatchShape, type Measurement } from "../../fit/index.js";
import { thinGrid } from "./thin-grid.js";

const shapes: BatchShape[] = [1, 2, 4, 8, 16].flatMap((batchSize) =>
  [1, 12, 48].flatMap((promptTokens) => [5, 24].map((decodeSteps) => ({ batchSize, promptTokens, decodeSteps }))),
);
const levels = (some: readonly BatchShape[], of: (shape: BatchShape) => number) => [...new Set(some.map(of))];

test("a grid that fits stays whole; a coarser one keeps its range", () => {
  expect(thinGrid(shapes, () => 1, 30)).toEqual(shapes);
  const thin = thinGrid(shapes, () => 1, 12);
  expect(thin).toHaveLength(12);
  expect(levels(thin, ({ batchSize }) => batchSize)).toEqual([1, 4, 16]);
  expect(levels(thin, ({ promptTokens }) => promptTokens)).toEqual([1, 48]);
});

test("when even that is too much the largest batches go, never below three sizes", () => {
  const cost = ({ batchSize }: BatchShape): number => batchSize;
  expect(levels(thinGrid(shapes, cost, 30), ({ batchSize }) => batchSize)).toEqual([1, 4, 8]);
  expect(levels(thinGrid(shapes, cost, 0), ({ batchSize }) => batchSize)).toEqual([1, 2, 4]);
});

const ran = (batchSize: number, promptTokens: number, wallNs: number): Measurement => ({
  ...{ batchSize, promptTokens, decodeSteps: 5, kind: "grid", rep: 0, order: 0 },
  ...{ prefillNs: 1, decodeNs: 1, wallNs, dispatchNs: 0, peakRssBytes: 1 },
});

test("expected times: the same shape, between two, scaled up from a smaller one", () => {
  const known = [ran(1, 10, 100), ran(4, 10, 400)];
  const of = (batchSize: number, promptTokens: number) =>
    expectedNs({ batchSize, promptTokens, decodeSteps: 5 }, known);
  expect([of(1, 10), of(2, 10), of(8, 10), of(1, 1)]).toEqual([100, 200, 800, 100]);
  expect(expectedNs({ batchSize: 1, promptTokens: 1, decodeSteps: 0 }, [])).toBe(0);
  expect(shapeName(known[0]!)).toBe("b1 p10 n5");
});
