import { median } from "../../sim/index.js";
import { predictions, type Round, type Shape } from "./predictions.js";

const small: Shape = { rows: 2, tokens: 20, steps: 4 };
const large: Shape = { rows: 16, tokens: 400, steps: 4 };
const shapes: Shape[] = [1, 4, 8].flatMap((rows) =>
  [10, 200].flatMap((tokens) => [3, 20].map((steps): Shape => ({ rows, tokens, steps }))),
);

/** A round of a machine whose bases and whose work are so much slower than usual. */
function round(base: number, work: number): Round {
  const ms = ({ rows, tokens, steps }: Shape): number =>
    base * (2 + 3 * steps) + work * (0.1 * tokens + 0.5 * rows * steps);
  const repeated = (shape: Shape): number[] => Array.from({ length: 4 }, () => ms(shape));
  return { small: repeated(small), large: repeated(large), times: new Map(shapes.map((shape) => [shape, ms(shape)])) };
}

test("a machine with two paces is predicted by two, one with one pace by any that measures it", async () => {
  const two = [1.3, 1, 1.1, 1, 1.2, 1, 1.4, 1, 1].map((base) => round(base, 1));
  const ofTwo = await predictions(two, { small, large });
  expect(median(ofTwo["base from one, work from the other"])).toBeLessThan(1e-6);
  expect(Math.max(...ofTwo["the small reference"])).toBeGreaterThan(0.02);
  const ofOne = await predictions(
    [1.3, 1, 1.1, 1, 1.2, 1, 1.4, 1, 1].map((pace) => round(pace, pace)),
    { small, large },
  );
  for (const way of ["the small reference", "the large reference", "the mean of both"] as const) {
    expect(Math.max(...ofOne[way])).toBeLessThan(1e-6);
  }
  expect(Math.max(...ofOne["none: the usual times"])).toBeGreaterThan(0.2);
});
