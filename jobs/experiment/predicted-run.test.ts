import type { Run } from "../../formats/index.js";
import { predictedRun } from "./predicted-run.js";

const bare = { info: { policy: "naive" }, requests: [], batches: [] } as unknown as Run;

test("the pace is measured, the run predicted at it and then made; the pace after it enters no prediction", async () => {
  const done: string[] = [];
  const paces = [1.08321, 1.25];
  const run = await predictedRun({
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
  expect(await predictedRun({ measurePace: undefined, predict, make: () => Promise.resolve(bare) })).toBe(bare);
});
