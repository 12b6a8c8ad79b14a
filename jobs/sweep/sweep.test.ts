import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parquetReadObjects } from "hyparquet";
import { parseSlos, sweepSchema } from "../../formats/index.js";
import { readCsv } from "../../formats/files/index.js";
import {
  makePlan,
  mergeSweep,
  runSweep,
  sweepCharts,
  sweepFolder,
  sweepPage,
  sweepStatus,
  type RunSweepOptions,
  type SweepFolder,
} from "./index.js";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "servesim-sweep-"));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

const reporter = { note: () => undefined, warn: () => undefined, progress: () => ({ update: () => undefined, stop: () => undefined }) }; // prettier-ignore

const naive = { policy: "naive", batch_size: [1, 4], timeout_s: 0.05 };
const load = { dataset_name: "fixed", input_len: 16, output_len: 8, num_prompts: 60, request_rate: [4, 16] };

function sweepOf(changed: object = {}): ReturnType<typeof sweepSchema.parse> {
  return sweepSchema.parse({
    ...{ version: 1, name: "small", profiles: ["mini-cpu-2core"], policies: [naive], loads: [load] },
    ...{ seeds: [1, 2], replications: 3 },
    ...changed,
  });
}

async function run(folder: SweepFolder, sweep = sweepOf(), options: Partial<RunSweepOptions> = {}): Promise<number> {
  const plan = await makePlan(sweep, "sweep.yaml", { folder, force: options.force ?? false });
  const { signal } = new AbortController();
  return runSweep(plan, { folder, force: false, workers: 1, signal, reporter, ...options });
}

async function bytesOf(folder: SweepFolder): Promise<string[]> {
  await mergeSweep(folder);
  return [folder.csv, folder.parquet].map((path) => readFileSync(path, "base64"));
}

test("a load with classes has columns for the figures of each", async () => {
  const folder = sweepFolder(root, "classes");
  const classes = "fast:share=1,ttft=50000;slow:share=1,output_len=12";
  await run(folder, sweepOf({ loads: [{ ...load, request_rate: 4, classes }], seeds: [1] }));
  await mergeSweep(folder);
  const wanted = ["mean_ttft_ms@fast", "p50_e2el_ms@slow", "attainment@fast"];
  const rows = await readCsv(folder.csv, wanted);
  expect(rows).toHaveLength(2);
  for (const row of rows) for (const column of wanted) expect(Number(row[column])).toBeGreaterThan(0);
});

test("merged tables are the same bytes for one process and for shards in any order, and say what was simulated", async () => {
  const [whole, sharded] = [sweepFolder(root, "whole"), sweepFolder(root, "sharded")];
  expect(await run(whole)).toBe(8);
  for (const index of [2, 0, 1]) await run(sharded, sweepOf(), { shard: { index, count: 3 } });
  expect(readdirSync(sharded.parts)).toHaveLength(3);
  expect(await bytesOf(sharded)).toEqual(await bytesOf(whole));

  const rows = await readCsv(whole.csv, ["cell", "policy.batch_size", "load.request_rate", "seed", "mean_e2el_ms"]);
  expect(rows.map((row) => [row["policy.batch_size"], row["load.request_rate"], row.seed].join("/"))).toEqual([
    "1/4/1",
    "1/4/2",
    "1/16/1",
    "1/16/2",
    "4/4/1",
    "4/4/2",
    "4/16/1",
    "4/16/2",
  ]);
  for (const row of rows) {
    expect(Number(row.mean_e2el_ms)).toBeGreaterThan(0);
    expect(Number(row["capacity.requests_per_s"])).toBeGreaterThan(0);
  }
  const bytes = readFileSync(whole.parquet);
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
  const parquet = await parquetReadObjects({ file });
  expect(parquet.map(({ mean_e2el_ms }) => String(mean_e2el_ms))).toEqual(rows.map((row) => row.mean_e2el_ms));
});

test("a finished cell is not simulated again, one whose line was torn is", async () => {
  const folder = sweepFolder(root, "torn");
  await run(folder);
  const before = await bytesOf(folder);
  expect(await run(folder)).toBe(0);
  const [part] = readdirSync(folder.parts);
  const path = join(folder.parts, part!);
  const lines = readFileSync(path, "utf8").split("\n");
  writeFileSync(path, `${lines.slice(0, 6).join("\n")}\n${lines[6]!.slice(0, 40)}`);
  expect(await sweepStatus(folder)).toMatchObject({ cells: 8, finished: 6, left: 2 });
  expect(await run(folder)).toBe(2);
  expect(await bytesOf(folder)).toEqual(before);
});

test("rows that differ or are no rows are named with file and line", async () => {
  const folder = sweepFolder(root, "bad");
  await run(folder, sweepOf({ seeds: [1] }));
  const [part] = readdirSync(folder.parts);
  const path = join(folder.parts, part!);
  const [first] = readFileSync(path, "utf8").split("\n");
  appendFileSync(path, `${first!.replace('"completed":60', '"completed":61')}\n`);
  await expect(mergeSweep(folder)).rejects.toThrow(
    /jsonl:5: cell [0-9a-f]{16} has another result than in another file; remove/,
  );
  writeFileSync(path, '{"cell": 7}\n{"cell": "x", "failed": "y"}\n');
  await expect(mergeSweep(folder)).rejects.toThrow(/jsonl:1: .*cell/);
});

test("cells that cannot be simulated are named in the plan, those that fail when they are; the others go on", async () => {
  const folder = sweepFolder(root, "odd");
  const long = { ...load, input_len: 100_000, request_rate: 4 };
  const sweep = sweepOf({ policies: [naive, { policy: "vllm", enforce_eager: true }], loads: [load, long], seeds: [1] }); // prettier-ignore
  expect(await run(folder, sweep)).toBe(6);
  const { failed, impossible, finished } = await sweepStatus(folder);
  expect(finished).toBe(4);
  expect(impossible.map(({ cell, reason }) => [cell.policy, reason])).toEqual(
    Array(3).fill(["vllm", expect.stringContaining("enforce_eager")]),
  );
  expect(failed.map(({ cell, reason }) => [cell.load.input_len, reason])).toEqual(
    Array(2).fill([100_000, expect.stringContaining("100000")]),
  );
  expect(await run(folder, sweep)).toBe(0);
  expect(await run(folder, sweep, { retryFailed: true })).toBe(2);

  const { page, table } = await sweepPage(folder, "odd", ["servesim sweep merge s.yaml"]);
  expect(page.answer.headline).toMatch(/batch_size [14]|both settings/);
  expect(page.answer.paragraphs.at(-1)).toBe("4 of 9 cells are finished; 2 failed and 3 cannot be simulated.");
  const [latency] = page.winners;
  expect(latency!.columns.slice(0, 3)).toEqual(["place", "best", "mean_e2el_ms"]);
  expect(latency!.rows.map(([place]) => place!.text)).toEqual(["4 requests/s", "16 requests/s"]);
  expect(page.cells.columns).toEqual(
    expect.arrayContaining(["batch_size", "request_rate", "mean_e2el_ms", "utilisation", "error"]),
  );
  expect(page.cells.rows).toHaveLength(6);
  expect(page.failures.map(({ name, rows }) => [name, rows.length])).toEqual([
    ["sweep-failed", 2],
    ["sweep-impossible", 3],
  ]);
  expect([...(await sweepCharts(table, "odd")).keys()]).toEqual(["sweep"]);
});

test("refinement adds rates where the server stops keeping up, and where a goal stops being met", async () => {
  const folder = sweepFolder(root, "knee");
  const sweep = sweepOf({
    policies: [{ ...naive, batch_size: 4 }],
    loads: [{ ...load, request_rate: [2, 200] }],
    seeds: [1],
  });
  expect(await run(folder, sweep, { refine: [] })).toBeGreaterThan(5);
  const rows = await readCsv((await mergeSweep(folder), folder.csv), ["load.request_rate", "capacity.utilisation"]);
  const rates = rows.map((row) => [Number(row["load.request_rate"]), Number(row["capacity.utilisation"])] as const);
  const below = Math.max(...rates.filter(([, utilisation]) => utilisation <= 1).map(([rate]) => rate));
  const above = Math.min(...rates.filter(([, utilisation]) => utilisation > 1).map(([rate]) => rate));
  expect(above / below).toBeLessThan(1.031);
  expect(await run(folder, sweep, { refine: [] })).toBe(0);
  expect(await run(folder, sweep, { refine: parseSlos("mean_e2el:40") })).toBeGreaterThan(2);
  await expect(run(folder, sweep, { refine: parseSlos("p99.9_ttft:150") })).rejects.toThrow(
    /--slo: p99.9_ttft <= 150 ms: a sweep has/,
  );
});

test("statistics that vary have both ends of their intervals beside them", async () => {
  const folder = sweepFolder(root, "varies");
  const requests = { ...load, num_prompts: 20, request_rate: 4 };
  const vllm = { policies: [{ policy: "vllm" }], profiles: ["h100-llama-3.1-8b-vllm-0.26"], seeds: [1] };
  await run(folder, sweepOf({ ...vllm, loads: [requests] }));
  await mergeSweep(folder);
  const [row] = await readCsv(folder.csv, ["mean_e2el_ms_low", "mean_e2el_ms", "mean_e2el_ms_high"]);
  expect(Number(row!.mean_e2el_ms_low)).toBeLessThan(Number(row!.mean_e2el_ms));
  expect(Number(row!.mean_e2el_ms_high)).toBeGreaterThan(Number(row!.mean_e2el_ms));
});

test("a plan of other cells is not replaced, unless asked to; rows of the same cells stay", async () => {
  const folder = sweepFolder(root, "changed");
  await run(folder, sweepOf({ seeds: [1] }));
  await expect(run(folder, sweepOf({ seeds: [2] }))).rejects.toThrow(
    /plan\.jsonl is the plan of other cells .*--force/,
  );
  expect(await run(folder, sweepOf({ seeds: [2, 1] }), { force: true })).toBe(4);
});

test.each([
  [{ policies: [{ ...naive, batch_size: [4, 4] }] }, /two cells are the same, naive on mini-cpu-2core/],
  [{ policies: [{ policy: "naive", batch_sise: [4] }] }, /policies\[0\].*batch_sise.*did you mean "batch_size"/],
  [{ loads: [{ ...load, request_rate: [4, "fast"] }] }, /loads\[0\]: request_rate: got "fast"/],
  [{ policies: [{ policy: "nave" }] }, /: policies\[0\]\.policy: no policy "nave", did you mean "naive"\?/],
  [{ policies: [{ ...naive, batch_size: [] }] }, /: policies\[0\]\.batch_size: got an empty list, expected a value/],
  [{ loads: [{ ...load, request_rate: [] }] }, /: loads\[0\]\.request_rate: got an empty list, expected a value/],
  [{ profiles: ["mini-cpu-3core"] }, /: profiles: no profile "mini-cpu-3core", did you mean "mini-cpu-2core"/],
  [{ router: "least-outstandin", replicas: [2] }, /no router "least-outstandin", did you mean "least-outstanding"/],
  [{ router: "random", router_beta: 1, replicas: [2] }, /router_beta: only the router prefix-aware has it, not random/],
  [{ seeds: Array.from({ length: 300_000 }, (_, at) => at) }, /1200000 cells, expected at most 1000000/],
])("%j is rejected", async (changed, why) => {
  const folder = sweepFolder(root, "rejected");
  await expect((async () => run(folder, sweepOf(changed)))()).rejects.toThrow(why);
  expect(readdirSync(root)).toEqual([]);
});
