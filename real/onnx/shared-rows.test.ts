import { Worker } from "node:worker_threads";
import { InvariantError } from "../../formats/index.js";
import { SharedRows } from "./shared-rows.js";

function rowsOf(reader: SharedRows): number[][] {
  const rows: number[][] = [];
  reader.read((row) => rows.push(Array.from(row)));
  return rows;
}

test("rows come out as they were put in, in order, round and round the memory", () => {
  const writer = new SharedRows(new SharedArrayBuffer(8 * 64));
  const reader = new SharedRows(writer.memory);
  expect(rowsOf(reader)).toEqual([]);
  for (let round = 0; round < 100; round++) {
    const rows = [[round, NaN, 1e9 + round / 3], [], Array.from({ length: round % 20 }, (_, at) => -at)];
    for (const row of rows) writer.write(row);
    expect(rowsOf(reader)).toEqual(rows);
  }
  expect(rowsOf(reader)).toEqual([]);
});

test("a row that would never have room is an error, not an endless wait", () => {
  expect(() => {
    new SharedRows(new SharedArrayBuffer(8 * 16)).write(Array<number>(8).fill(1));
  }).toThrow(InvariantError);
});

test("a writer waits until there is room", async () => {
  const writer = new SharedRows(new SharedArrayBuffer(8 * 24));
  for (let at = 0; at < 3; at++) writer.write(Array<number>(6).fill(at));
  // Reads all by moving the reader's place to the writer's.
  const code = `
    const { workerData } = require("node:worker_threads");
    const places = new Int32Array(workerData);
    setTimeout(() => { Atomics.store(places, 1, Atomics.load(places, 0)); Atomics.notify(places, 1); }, 20);`;
  const worker = new Worker(code, { eval: true, workerData: writer.memory });
  writer.write(Array<number>(6).fill(3));
  expect(rowsOf(writer)).toEqual([Array<number>(6).fill(3)]);
  await worker.terminate();
});
