import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GrowingLanes } from "./growing-lanes.js";

interface Task {
  readonly name: string;
  readonly ms: number;
}

/** Takes at least so long, and says who did it. */
function sleep(where: string, { name, ms }: Task): string {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  return `${name} ${where}`;
}

let folder: string;
let program: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "servesim-growing-"));
  program = join(folder, "worker.cjs");
  const text = `const { parentPort, workerData } = require("node:worker_threads");
    parentPort.on("message", ({ name }) => parentPort.postMessage({ result: name + " " + workerData }));`;
  writeFileSync(program, text);
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function done(batches: readonly (readonly Task[])[], { workers = 9, isLong = false } = {}): Promise<string[][]> {
  const work = (_: string, task: Task): string => sleep("here", task);
  const lanes = new GrowingLanes({ workers, isLong, program, base: "there", work });
  const results: string[][] = [];
  try {
    for (const tasks of batches) results.push(await lanes.run(tasks));
  } finally {
    await lanes.close();
  }
  return results;
}

const short = (name: string): Task => ({ name, ms: 0 });

test("short tasks stay in this thread", async () => {
  expect(await done([["a", "b", "c", "d"].map(short)])).toEqual([["a here", "b here", "c here", "d here"]]);
});

test("threads go on after a long task, and with all that comes later; results keep the order of the tasks", async () => {
  const long = { name: "a", ms: 750 };
  const results = await done([[long, short("b"), short("c")], [short("d")]]);
  expect(results).toEqual([["a here", "b there", "c there"], ["d there"]]);
});

test("a job that is known to be long begins in threads; with one worker there are none", async () => {
  expect(await done([[short("a")]], { isLong: true })).toEqual([["a there"]]);
  expect(await done([[{ name: "a", ms: 750 }, short("b")]], { workers: 1, isLong: true })).toEqual([
    ["a here", "b here"],
  ]);
});
