import { workName, workOfSpec } from "../../fit/index.js";
import { longestRequest, referenceSpec, requestsOf, stepGrid, type StepLevels } from "./step-grid.js";

const levels: StepLevels = { batchSizes: [1, 2, 4, 8, 16], promptTokens: [1, 12, 48], decodeSteps: [5, 24] };

test("steps cover the range of the batches: decodes, prompts, chunks over a context, both together, many prompts, moves", () => {
  const grid = stepGrid(levels, 1024);
  const names = grid.map((spec) => workName(workOfSpec(spec)));
  expect(new Set(names).size).toBe(grid.length);
  expect(names).toEqual(
    expect.arrayContaining([
      "1 decodes of 1",
      `16 decodes of ${16 * 72}`,
      "1 chunks of 48 (1176 pairs)",
      "1 chunks of 48 (1176 pairs, no token)",
      `1 chunks of 48 (${48 * 72 + 1176} pairs)`,
      `16 decodes of ${16 * 37}, 1 chunks of 48 (1176 pairs)`,
      `16 chunks of ${16 * 12} (${16 * 78} pairs)`,
    ]),
  );
  expect(grid.filter(({ moves }) => moves > 0)).toHaveLength(4);
});

test("every mixed step has its decodes and its prompt by themselves beside it", () => {
  const grid = stepGrid(levels, 1024);
  const mixed = grid.filter(({ decodes, chunks, moves }) => decodes > 0 && chunks === 1 && moves === 0);
  expect(mixed).toHaveLength(10);
  for (const { decodes, context, chunkTokens } of mixed) {
    expect(grid).toContainEqual(expect.objectContaining({ decodes, context, chunks: 0, moves: 0 }));
    expect(grid).toContainEqual(
      expect.objectContaining({ decodes: 0, chunks: 1, chunkTokens, chunkContext: 0, isLast: true }),
    );
  }
});

test("steps longer than the model's positions are left out, and the reference has decodes and a prompt", () => {
  expect(Math.max(...stepGrid(levels, 100).map(longestRequest))).toBeLessThanOrEqual(100);
  expect(stepGrid(levels, 100).length).toBeLessThan(stepGrid(levels, 1024).length);
  expect(referenceSpec(levels)).toMatchObject({ decodes: 4, context: 37, chunks: 1, chunkTokens: 12, isLast: true });
  expect(requestsOf(referenceSpec(levels))).toBe(5);
});
