import type { Measurement } from "../../fit/index.js";
import { blockDrifts, chooseMeasurements, disturbedTasks, reportDrift } from "./drift-watch.js";

let order = 0;
beforeEach(() => {
  order = 0;
});

function measured(
  kind: "grid" | "reference",
  block: number,
  wallNs: number,
  more: Partial<Measurement> = {},
): Measurement {
  const shape = { batchSize: 2, promptTokens: 4, decodeSteps: 1 };
  const times = { prefillNs: wallNs / 2, decodeNs: wallNs / 2, wallNs, dispatchNs: 0, peakRssBytes: 1 };
  return { ...shape, ...times, kind, rep: 0, order: order++, block, ...more };
}
const reference = (block: number, wallNs: number, otherCores = 0): Measurement[] =>
  [wallNs, wallNs, 50 * wallNs].map((ns, rep) => measured("reference", block, ns, { rep, otherCores }));
const grid = (block: number, promptTokens: number, wallNs = 1000): Measurement =>
  measured("grid", block, wallNs, { promptTokens });

/** Four blocks of one batch; the machine was slow between the second and third. */
const disturbedSession = (): Measurement[] => [
  ...reference(0, 100),
  grid(0, 10),
  ...reference(1, 102),
  grid(1, 11),
  ...reference(2, 160, 1.5),
  grid(2, 12),
  ...reference(3, 100, 0.5),
  grid(3, 13),
  ...reference(4, 98),
];

test("a block's drift is that of the worse reference beside it, single outliers in a reference aside", () => {
  const drifts = blockDrifts(disturbedSession());
  expect([0, 1, 2, 3].map((block) => Math.round(100 * drifts.get(block)!))).toEqual([2, 60, 60, -2]);
});

test("the batches of disturbed blocks are asked for again, and only they", () => {
  const tasks = disturbedTasks(disturbedSession(), Infinity);
  expect(tasks.map(({ shape }) => shape.promptTokens).sort()).toEqual([11, 12]);
  expect(disturbedTasks(disturbedSession(), 1)).toHaveLength(1);
});

test("a repeat from a quiet block takes the place of the disturbed one, and is not asked for again", () => {
  const session = [...disturbedSession(), grid(4, 11, 900), grid(4, 12, 901), ...reference(5, 101)];
  expect(disturbedTasks(session, Infinity)).toEqual([]);
  const chosen = chooseMeasurements(session);
  expect(chosen.map(({ promptTokens, wallNs }) => [promptTokens, wallNs])).toEqual([
    [10, 1000],
    [13, 1000],
    [11, 900],
    [12, 901],
  ]);
});

test("a repeat from a block more disturbed than the first is not preferred, and tries end", () => {
  const session = [...disturbedSession(), grid(4, 11, 900), ...reference(5, 300)];
  expect(chooseMeasurements(session).find(({ promptTokens }) => promptTokens === 11)!.wallNs).toBe(1000);
  const tried = [...session, grid(5, 11, 900), ...reference(6, 300)];
  expect(disturbedTasks(tried, Infinity).map(({ shape }) => shape.promptTokens)).toEqual([12]);
});

test("the report counts blocks, what was remade and what others did beside the disturbed ones", () => {
  const before = reportDrift(disturbedSession())!;
  expect(before).toMatchObject({ references: 5, range: [-0.02, 0.6], blocks: 4, disturbedBlocks: 2, leftDisturbed: 2 });
  expect(before.otherCores).toBe(1);
  const after = reportDrift([...disturbedSession(), grid(4, 11), grid(4, 12), ...reference(5, 101)])!;
  expect(after).toMatchObject({ remade: 2, leftDisturbed: 0 });
  expect(reportDrift([grid(0, 4)])).toBeUndefined();
});
