/** A sweep whose cells come from a real Valkey server: machines are runs with folders of their own. */
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { sweepSchema, type Sweep } from "../../../formats/index.js";
import { describeWithValkey, startValkey, type Valkey } from "../../../test/support/valkey.js";
import { cellsOfShard } from "../shard.js";
import { queueKeys, queuedPlan } from "./queued-plan.js";
import { chunkCount, queuedCells } from "./run-queue.js";
import {
  collectRows,
  makePlan,
  mergeSweep,
  queueAddress,
  queueStatus,
  runQueue,
  runSweep,
  sweepFolder,
  type RunQueueOptions,
  type SweepFolder,
} from "../index.js";

let root: string;
let valkey: Valkey;

const reporter = { note: () => undefined, warn: () => undefined, progress: () => ({ update: () => undefined, stop: () => undefined }) }; // prettier-ignore

function sweepOf(changed: object = {}): Sweep {
  const load = { dataset_name: "fixed", input_len: 16, output_len: 8, num_prompts: 20, request_rate: [4, 8, 16] };
  return sweepSchema.parse({
    ...{ version: 1, name: "shared", profiles: ["mini-cpu-2core"], loads: [load], seeds: [1, 2, 3, 4] },
    ...{ policies: [{ policy: "naive", batch_size: [1, 4], timeout_s: 0.05 }], replications: 2 },
    ...changed,
  });
}

async function work(folder: SweepFolder, sweep = sweepOf(), options: Partial<RunQueueOptions> = {}): Promise<number> {
  const { signal } = new AbortController();
  const plan = await makePlan(sweep, "sweep.yaml", { folder, force: false });
  const address = queueAddress(valkey.url, {});
  return runQueue(plan, { ...{ folder, force: false, hasThreads: false, workers: 1, signal, reporter, address, chunkS: 0.05, timeoutS: 20 }, ...options }); // prettier-ignore
}

async function bytesOf(folder: SweepFolder, sweep = sweepOf()): Promise<string[]> {
  const plan = await makePlan(sweep, "sweep.yaml", { folder, force: false });
  await collectRows(plan, folder, { address: queueAddress(valkey.url, {}), timeoutS: 20 });
  await mergeSweep(folder);
  return [folder.csv, folder.parquet].map((path) => readFileSync(path, "base64"));
}

async function plainBytes(sweep = sweepOf()): Promise<string[]> {
  const folder = sweepFolder(root, "plain");
  const plan = await makePlan(sweep, "sweep.yaml", { folder, force: false });
  await runSweep(plan, { folder, force: false, workers: 1, signal: new AbortController().signal, reporter });
  await mergeSweep(folder);
  return [folder.csv, folder.parquet].map((path) => readFileSync(path, "base64"));
}

function rowsOf({ parts }: SweepFolder): string[] {
  const texts = readdirSync(parts).map((name) => readFileSync(join(parts, name), "utf8"));
  return texts.flatMap((text) => text.split("\n").slice(0, -1));
}

describeWithValkey("a sweep from a queue", () => {
  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), "servesim-queue-"));
    valkey = await startValkey();
  });
  afterEach(async () => {
    await valkey.kill();
    rmSync(root, { recursive: true, force: true });
  });

  test("merges to the bytes of a plain run on a machine that took no part, and leaves no jobs behind", async () => {
    const machines = ["a", "b"].map((name) => sweepFolder(root, name));
    const simulated = await Promise.all(machines.map((folder) => work(folder)));
    expect(simulated[0]! + simulated[1]!).toBeGreaterThanOrEqual(24);
    const [bytes, plain] = [await bytesOf(sweepFolder(root, "collector")), await plainBytes()];
    expect(bytes).toEqual(plain);
    const client = new Redis(valkey.port, "127.0.0.1");
    const keys = await client.keys("*");
    client.disconnect();
    expect(keys.filter((key) => !key.startsWith("servesim-sweep:"))).toEqual([]);
    // Who comes later has nothing to do.
    expect(await work(sweepFolder(root, "late"))).toBe(0);
  });

  test("a server that comes back empty gets from each machine what it has; the run goes on and ends with all cells", async () => {
    const folder = sweepFolder(root, "a");
    const running = work(folder);
    await whileRunning(running, () => countOf(folder) >= 11);
    await valkey.kill();
    await valkey.start();
    await running;
    expect(new Set(rowsOf(folder)).size).toBe(24);
    expect(await bytesOf(sweepFolder(root, "collector"))).toEqual(await plainBytes());
  });

  test("a server that stays away ends the run in bounded time, with what was finished kept and brought along the next time", async () => {
    const folder = sweepFolder(root, "a");
    const running = work(folder, sweepOf(), { timeoutS: 2 });
    running.catch(() => undefined);
    await whileRunning(running, () => countOf(folder) >= 11);
    await valkey.kill();
    await expect(running).rejects.toThrow(
      /^--queue: lost redis:\/\/127\.0\.0\.1:\d+, no answer for 2 s: .*ECONNREFUSED.*; finished cells are kept: start the server again/,
    );
    const kept = countOf(folder);
    await valkey.start();
    expect(await work(folder)).toBe(24 - kept);
    expect(rowsOf(folder)).toHaveLength(24);
    expect(await bytesOf(folder)).toEqual(await plainBytes());
  });

  test("a machine with another sweep, or another version of servesim, is rejected and told what differs", async () => {
    await work(sweepFolder(root, "a"), sweepOf({ seeds: [1] }));
    await expect(work(sweepFolder(root, "b"), sweepOf({ seeds: [1, 2] }))).rejects.toThrow(
      /holds another sweep under the name of this one \(of 6 cells; this one has 12\); all machines need the same version/,
    );
    await expect(work(sweepFolder(root, "c"), sweepOf({ seeds: [2] }))).rejects.toThrow(
      /of 6 cells as well, but others/,
    );
    const client = new Redis(valkey.port, "127.0.0.1");
    await client.set("servesim-sweep:shared", JSON.stringify({ servesim: "0.1.0", cells: 6, plan: "0" }));
    client.disconnect();
    await expect(work(sweepFolder(root, "d"), sweepOf({ seeds: [1] }))).rejects.toThrow(
      /of servesim 0\.1\.0; this is /,
    );
    expect(await work(sweepFolder(root, "b"), sweepOf({ seeds: [1, 2] }), { force: true })).toBe(12);
  });

  test("cells that fail, or end their process again and again, cost only themselves, and are tried again when asked to", async () => {
    const folder = sweepFolder(root, "a");
    const long = { dataset_name: "fixed", input_len: 100_000, output_len: 8, num_prompts: 10, request_rate: 4 };
    const { loads } = sweepOf();
    const sweep = sweepOf({ loads: [...loads, long], seeds: [1] });
    const plan = await makePlan(sweep, "sweep.yaml", { folder, force: false });
    const cells = queuedCells(plan);
    const keys = queueKeys(sweep.name, queuedPlan(cells));
    const client = new Redis(valkey.port, "127.0.0.1");
    await client.hset(keys.tries, cells[0]!.id, 3);
    client.disconnect();
    await work(folder, sweep);
    const address = { address: queueAddress(valkey.url, {}), timeoutS: 20 };
    const { failed, finished } = await queueStatus(plan, address);
    expect(finished).toBe(5);
    expect(failed.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/its process ended 3 times before it was finished; it may need more memory/),
      ...[0, 1].map(() => expect.stringContaining("100000") as string),
    ]);
    expect(await work(folder, sweep, { retryFailed: true })).toBe(3);
    expect(await queueStatus(plan, address)).toMatchObject({ finished: 6, failed: Array(2).fill({}) });
    expect(await bytesOf(sweepFolder(root, "collector"), sweep)).toEqual(await plainBytes(sweep));
  });

  test("what cannot be a sweep's server is rejected", async () => {
    const client = new Redis(valkey.port, "127.0.0.1");
    await client.config("SET", "maxmemory", "100mb", "maxmemory-policy", "allkeys-lru");
    await expect(work(sweepFolder(root, "a"))).rejects.toThrow(/drops keys .*maxmemory-policy allkeys-lru.*CONFIG SET/);
    await client.config("SET", "requirepass", "correct horse");
    client.disconnect();
    for (const [url, why] of [
      [valkey.url, /rejected the connection: NOAUTH.*SERVESIM_QUEUE_PASSWORD/],
      [valkey.url.replace("//", "//:wrong%20horse@"), /rejected the connection: WRONGPASS/],
    ] as const) {
      const error = await work(sweepFolder(root, "a"), sweepOf(), { address: queueAddress(url, {}) }).catch(String);
      expect(error).toMatch(why);
      expect(error).not.toContain("horse");
    }
    await valkey.kill();
    await expect(work(sweepFolder(root, "a"))).rejects.toThrow(
      /cannot reach redis:\S+: connect ECONNREFUSED .*start a server/,
    );
    await expect(queueStatus(await makePlan(sweepOf(), "sweep.yaml", { folder: sweepFolder(root, "a"), force: false }), { address: queueAddress(valkey.url, {}), timeoutS: 1 })).rejects.toThrow(/cannot reach/); // prettier-ignore
  });
});

function countOf(folder: SweepFolder): number {
  try {
    return rowsOf(folder).length;
  } catch {
    return 0;
  }
}

/** Until then, unless the run ends before. */
async function whileRunning(running: Promise<unknown>, isTime: () => boolean): Promise<void> {
  const over = new AbortController();
  const end = (): void => {
    over.abort();
  };
  running.then(end, end);
  while (!isTime() && !over.signal.aborted) await new Promise((resume) => setTimeout(resume, 5));
}

test("chunks hold every cell once, each at least as much work as asked for", () => {
  const cells = Array.from({ length: 100 }, (_, at) => at);
  const count = chunkCount(cells.length, 2, 30);
  expect(count).toBe(6);
  const chunks = Array.from({ length: count }, (_, index) => cellsOfShard(cells, { index, count }));
  expect(chunks.flat().sort((a, b) => a - b)).toEqual(cells);
  for (const [index, chunk] of chunks.entries()) {
    expect(2 * chunk.length).toBeGreaterThanOrEqual(30);
    expect(chunk.map((at) => at % count)).toEqual(chunk.map(() => index));
  }
  expect([chunkCount(100, 0.01, 30), chunkCount(100, 500, 30)]).toEqual([1, 100]);
});
