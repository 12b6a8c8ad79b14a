import { FILL_DRAWS as DRAWS, Sfc32 } from "../../kernel/index.js";
import { piecewiseLinear, type Curve } from "../piecewise-linear.js";
import { QuantileTable } from "./quantile-table.js";

const curves: Readonly<Record<string, Curve>> = {
  "a usual one": [
    [0, 0.5],
    [0.5, 0.9],
    [0.9, 1.5],
    [0.999, 4],
    [1, 40],
  ],
  "one that begins late and ends early": [
    [0.2, 1],
    [0.7, 2],
  ],
  "one with a step": [
    [0, 1],
    [0.5, 2],
    [0.5, 5],
    [1, 6],
  ],
  "a point": [[0.4, 3]],
};

test.each(Object.entries(curves))("%s is looked up as it is interpolated", (_, curve) => {
  const table = new QuantileTable(curve, 2);
  for (let k = 0; k < 4096; k++) {
    const probability = (k + 0.25) / 4096;
    expect(table.at(probability)).toBeCloseTo(2 * piecewiseLinear(curve, probability), 10);
  }
  expect(table.at(0)).toBeCloseTo(2 * piecewiseLinear(curve, 0), 12);
});

test.each(Object.entries(curves))("%s: blocks of draws are those of single uniforms", (name, curve) => {
  const table = new QuantileTable(curve, 1.7);
  const [one, block] = [Sfc32.named(name), Sfc32.named(name)];
  const values = new Float64Array(DRAWS);
  for (let round = 0; round < 40; round++) {
    table.fill(values, block);
    expect([...values]).toEqual(Array.from(values, () => table.at(one.uniform())));
  }
});

const ofPoints = (points: number): Curve => Array.from({ length: points }, (_, k) => [k / points, Math.sqrt(k)]);

test.each([
  ["more tables in turn than the bulk draws have room for", 5, 12_000],
  ["a table that is larger than that room", 1, 60_000],
])("%s: the same", (_, tables, points) => {
  const all = Array.from({ length: tables }, (_, k) => new QuantileTable(ofPoints(points), 1 + k));
  const [one, block] = [Sfc32.named("room"), Sfc32.named("room")];
  const values = new Float64Array(DRAWS);
  for (let round = 0; round < 20; round++) {
    const table = all[round % tables]!;
    table.fill(values, block);
    expect([...values]).toEqual(Array.from(values, () => table.at(one.uniform())));
  }
});

test("draws have the distribution", () => {
  const values = new Float64Array(200 * DRAWS);
  const table = new QuantileTable(curves["a usual one"]!, 1);
  const random = Sfc32.named("draws");
  for (let at = 0; at < values.length; at += DRAWS) table.fill(values.subarray(at, at + DRAWS), random);
  values.sort();
  for (const [probability, value] of [
    [0.25, 0.7],
    [0.5, 0.9],
    [0.7, 1.2],
    [0.9, 1.5],
  ] as const) {
    expect(values[probability * values.length]!).toBeCloseTo(value, 1.5);
  }
});
