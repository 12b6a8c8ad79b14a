import { Worker } from "node:worker_threads";
import { SharedStream } from "./shared-stream.js";

test("values come out as they were put in, in order, round and round the memory", () => {
  const writer = new SharedStream<unknown>(new SharedArrayBuffer(256));
  const reader = new SharedStream<unknown>(writer.memory);
  expect(reader.read()).toEqual([]);
  for (let round = 0; round < 100; round++) {
    const values = [{ round, ns: 1e9 + round / 3 }, "é".repeat(round % 20), [round]];
    for (const value of values) writer.write(value);
    expect(reader.read()).toEqual(values);
  }
  expect(reader.read()).toEqual([]);
});

test("a value that never has room is an error, not an endless wait", () => {
  expect(() => {
    new SharedStream(new SharedArrayBuffer(64)).write("x".repeat(64));
  }).toThrow(RangeError);
});

test("a writer waits until there is room", async () => {
  const writer = new SharedStream<string>(new SharedArrayBuffer(96));
  const value = "x".repeat(20);
  for (let at = 0; at < 3; at++) writer.write(value);
  // Reads all by moving the reader's place to the writer's.
  const code = `
    const { workerData, parentPort } = require("node:worker_threads");
    const words = new Int32Array(workerData);
    setTimeout(() => { Atomics.store(words, 1, Atomics.load(words, 0)); Atomics.notify(words, 1); }, 20);`;
  const worker = new Worker(code, { eval: true, workerData: writer.memory });
  writer.write("late");
  expect(writer.read()).toEqual(["late"]);
  await worker.terminate();
});
