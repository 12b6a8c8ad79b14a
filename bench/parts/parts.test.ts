import { functionOf, ownTimes, ownTimeTable, partOf } from "./parts.js";

const frame = (functionName: string, url: string) => ({
  functionName,
  url,
  scriptId: "1",
  lineNumber: 0,
  columnNumber: 0,
});
const draw = frame("sim/kernel/bulk-draws.as/walk", "wasm://wasm/1234");
const loop = frame("rounds", "file:///somewhere/dist/sim/engine/decode-rounds.js");
const scheduler = frame("schedule", "file:///somewhere/dist/sim/policy/vllm/scheduler.js");
const collector = frame("(garbage collector)", "");

/** A sample of each frame, then its milliseconds. */
const profileOf = (samples: readonly (readonly [ReturnType<typeof frame>, number])[]) => ({
  nodes: samples.map(([callFrame], at) => ({ id: at + 1, callFrame })),
  startTime: 0,
  endTime: 0,
  samples: samples.map((_, at) => at + 1),
  timeDeltas: [7, ...samples.map(([, ms]) => ms * 1e3)],
});

test("a frame belongs to a folder of sim/, to what of it is in WebAssembly, to the collector, or to Node", () => {
  const parts = [draw, loop, scheduler, collector, frame("compile", "node:internal/vm")].map(partOf);
  expect(parts).toEqual([
    "`sim/kernel` in WebAssembly",
    "`sim/engine`",
    "`sim/policy`",
    "garbage collection",
    "Node and V8",
  ]);
});

test("own times are sums over samples; idle time and the profiler's own do not count", () => {
  const idle = frame("(idle)", "");
  const profiler = frame("dispatch", "node:inspector");
  const profile = profileOf([
    [loop, 3],
    [idle, 100],
    [draw, 2],
    [profiler, 50],
    [loop, 5],
    [scheduler, 4],
  ]);
  expect(ownTimes(profile, partOf)).toEqual([
    { name: "`sim/engine`", ms: 8 },
    { name: "`sim/policy`", ms: 4 },
    { name: "`sim/kernel` in WebAssembly", ms: 2 },
  ]);
  expect(ownTimes(profile, functionOf).map(({ name }) => name)).toEqual([
    "`rounds` (`sim/engine/decode-rounds.ts`)",
    "`schedule` (`sim/policy/vllm/scheduler.ts`)",
    "`walk` (`sim/kernel/bulk-draws.as.ts`)",
  ]);
});

test("next to no time is not worth a row", () => {
  const table = ownTimeTable("part", [{ name: "a", ms: 1000 }, { name: "b", ms: 4 }], 1); // prettier-ignore
  expect(table.split("\n").slice(2)).toEqual(["| a    | 1000.0 | 99.6 % |"]);
});

test("the table is per run, and shares are of everything, also where rows are left out", () => {
  const table = ownTimeTable("part", [{ name: "a", ms: 30 }, { name: "b", ms: 10 }], 2, 1); // prettier-ignore
  expect(table.split("\n").slice(2)).toEqual(["| a    | 15.0 | 75.0 % |"]);
});
