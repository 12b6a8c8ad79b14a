import type { Run } from "../../formats/index.js";
import { predictedRun, RecentPace } from "./predicted-run.js";

const bare = { info: { policy: "naive" }, requests: [], batches: [] } as unknown as Run;

test("the pace is measured, the run predicted at it and then made; the pace after it enters no prediction", async () => {
  const done: string[] = [];
  const paces = [1.08321, 1.25];
  const run = await predictedRun({
    paces: new RecentPace(() => 0),
    measurePace: () => {
      done.push("reference");
      return Promise.resolve(paces.shift()!);
    },
    predict: (pace) => {
      done.push(`predict at ${pace}`);
      return Promise.resolve();
    },
    make: () => {
      done.push("run");
      return Promise.resolve(bare);
    },
  });
  expect(done).toEqual(["reference", "predict at 1.083", "run", "reference"]);
  expect(run.info).toEqual({ policy: "naive", pace: { before: 1.083, after: 1.25 } });
});

test("without a reference the run is made as it is, and nothing is predicted", async () => {
  const predict = (): Promise<void> => Promise.reject(new Error("no prediction was expected"));
  expect(
    await predictedRun({
      measurePace: undefined,
      paces: new RecentPace(() => 0),
      predict,
      make: () => Promise.resolve(bare),
    }),
  ).toBe(bare);
});

test("the pace after a run is that before the next, unless time has passed or it is measured in another way", async () => {
  let nowNs = 0;
  const recent = new RecentPace(() => nowNs);
  let measured = 0;
  const batch = (): Promise<number> => Promise.resolve(++measured);
  const step = (): Promise<number> => Promise.resolve(100 + ++measured);
  expect(await recent.before(batch)).toBe(1);
  expect(await recent.after(batch)).toBe(2);
  nowNs = 1e9;
  expect(await recent.before(batch)).toBe(2);
  expect(await recent.before(step)).toBe(103);
  expect(await recent.before(batch)).toBe(4);
  nowNs = 4e9;
  expect(await recent.before(batch)).toBe(5);
});
