import { toCells, type Measurement } from "../fit/index.js";
import { unstableTasks } from "./unstable.js";

const repeatsOf = (promptTokens: number, wallsNs: readonly number[]): Measurement[] =>
  wallsNs.map((wallNs, rep) => {
    const shape = { batchSize: 1, promptTokens, decodeSteps: 2 };
    const times = { prefillNs: wallNs / 2, decodeNs: wallNs / 2, wallNs, dispatchNs: 0, peakRssBytes: 1 };
    return { ...shape, ...times, kind: "grid" as const, rep, order: rep };
  });

test("repeats that agree need no more", () => {
  expect(unstableTasks(toCells(repeatsOf(4, [100, 104, 112])), 3)).toEqual([]);
});

test("repeats that disagree earn their shape two more", () => {
  const tasks = unstableTasks(toCells([...repeatsOf(4, [100, 150, 160]), ...repeatsOf(8, [100, 101, 102])]), 3);
  expect(tasks.map(({ shape, rep }) => [shape.promptTokens, rep])).toEqual([
    [4, 3],
    [4, 4],
  ]);
});

test("extra repeats made already do not change which shapes are asked for", () => {
  expect(unstableTasks(toCells(repeatsOf(4, [100, 150, 160, 101, 100])), 3)).toHaveLength(2);
});
