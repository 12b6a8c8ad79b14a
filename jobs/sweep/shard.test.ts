import { cellsOfShard, parseShard } from "./shard.js";

test.each([
  ["3/8", {}, { index: 2, count: 8 }],
  ["auto/8", { JOB_COMPLETION_INDEX: "0" }, { index: 0, count: 8 }],
  ["auto/8", { SLURM_ARRAY_TASK_ID: "8", SLURM_ARRAY_TASK_MIN: "1" }, { index: 7, count: 8 }],
  [
    "auto",
    { SLURM_ARRAY_TASK_ID: "5", SLURM_ARRAY_TASK_MIN: "1", SLURM_ARRAY_TASK_COUNT: "20" },
    { index: 4, count: 20 },
  ],
])("%s with %j is %j", (text, environment, shard) => {
  expect(parseShard(text, environment)).toEqual(shard);
});

test.each([
  ["0/8", {}, 'got "0/8", shard 0 of 8'],
  ["9/8", {}, "shard 9 of 8"],
  ["3", {}, "without the number of shards"],
  ["third", {}, "which is no shard"],
  ["auto/8", {}, "neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX is set"],
  ["auto", { JOB_COMPLETION_INDEX: "0" }, "without the number of shards"],
])("%s with %j is rejected", (text, environment, why) => {
  expect(() => parseShard(text, environment)).toThrow(why);
});

test("every cell is in one shard", () => {
  const cells = Array.from({ length: 23 }, (_, at) => at);
  const all = [0, 1, 2, 3].flatMap((index) => cellsOfShard(cells, { index, count: 4 }));
  expect(all.sort((a, b) => a - b)).toEqual(cells);
});
