import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import { sweepSchema } from "../../formats/index.js";
import { writeCsv } from "../../formats/files/index.js";
import { makePlan, mergeSweep, sweepFolder, sweepStatus, type SweepFolder } from "./index.js";
import type { PlannedCell } from "./plan-file.js";

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "servesim-merge-"));
});
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

const load = { dataset_name: "fixed", input_len: 16, output_len: 8, num_prompts: 60 };
const sweep = sweepSchema.parse({
  ...{ version: 1, name: "merged", profiles: ["mini-cpu-2core"], replications: 1 },
  policies: [
    { policy: "naive", batch_size: [2, 4], timeout_s: 0.1 },
    { policy: "vllm", max_num_seqs: 4, label: "other" },
    { policy: "vllm", max_num_seqs: 4, enforce_eager: true },
  ],
  loads: [
    { ...load, request_rate: [1, 2] },
    { ...load, label: "closed", max_concurrency: 2 },
  ],
  seeds: Array.from({ length: 150 }, (_, at) => at),
});

interface Found {
  readonly cell: PlannedCell;
  /** Undefined: it failed. */
  readonly figures: Readonly<Record<string, number | null>> | undefined;
}

/** Rows as if they had been simulated: out of order in three files, some cells failed, some without a row. */
async function written(folder: SweepFolder): Promise<Found[]> {
  const { planned } = await makePlan(sweep, "sweep", { folder, force: false });
  const files: string[][] = [[], [], []];
  const found: Found[] = [];
  for (const [at, cell] of [...planned].entries()) {
    if (cell.impossible !== undefined || at % 7 === 0) continue;
    const figures = { a_ms: at / 3, ...(at % 2 === 0 ? { b_ms: at % 4 === 0 ? null : at } : { c_ms: -at }) };
    const isFailed = at % 11 === 0;
    const row = { statistics: figures, intervals: {}, hidden: [], capacity: { requests_per_s: at, utilisation: null, verdict: "below", bound_by: null } }; // prettier-ignore
    if (isFailed || at % 13 === 0) files[at % 3]!.push(JSON.stringify({ cell: cell.id, failed: `no, "${at}"` }));
    if (!isFailed) files[(at + 1) % 3]!.unshift(JSON.stringify({ cell: cell.id, ...row }));
    found.push({ cell, figures: isFailed ? undefined : { "capacity.requests_per_s": at, ...figures } });
  }
  mkdirSync(folder.parts, { recursive: true });
  for (const [at, lines] of files.entries()) writeFileSync(join(folder.parts, `${at}.jsonl`), `${lines.join("\n")}\n`);
  return found;
}

test("tables that are written row by row have the bytes of tables that are put together whole", async () => {
  const folder = sweepFolder(root, "merged");
  const found = await written(folder);
  const { finished, failedCount, impossibleCount, left, table } = await mergeSweep(folder, { keep: () => true });
  const { columns, rows } = table;
  expect(rows.length).toBeGreaterThan(1000);
  expect(rows).toHaveLength(found.length);
  const value = (at: number, column: string) => rows[at]![columns.indexOf(column)] ?? null;
  for (const [at, { cell, figures }] of found.entries()) {
    expect(value(at, "cell")).toBe(cell.id);
    expect(value(at, "load")).toBe(cell.load.label ?? null);
    expect(value(at, "error") === null).toBe(figures !== undefined);
    for (const [key, figure] of Object.entries(figures ?? {})) expect(value(at, key)).toBe(figure);
  }
  const whole = join(root, "whole.csv");
  await writeCsv(whole, columns, rows.map((row) => Object.fromEntries(columns.map((name, at) => [name, row[at] ?? undefined])))); // prettier-ignore
  expect(readFileSync(folder.csv).equals(readFileSync(whole))).toBe(true);
  const columnData = columns.map((name, at) => {
    const data = rows.map((row) => row[at] ?? null);
    return data.some((one) => typeof one === "string")
      ? { name, data: data.map((one) => (one === null ? null : String(one))), type: "STRING" as const }
      : { name, data, type: "DOUBLE" as const };
  });
  const parquet = Buffer.from(parquetWriteBuffer({ columnData }));
  expect(readFileSync(folder.parquet).equals(parquet)).toBe(true);

  const failed = found.filter(({ figures }) => figures === undefined).length;
  expect([failedCount, finished, impossibleCount]).toEqual([failed, found.length - failed, 450]);
  const status = await sweepStatus(folder);
  expect([status.left, status.finished]).toEqual([left, finished]);
  expect([...status.reasons.values()].map(({ count }) => count)).toEqual([450]);
});

test("a plan with a cell twice is damaged", async () => {
  const folder = sweepFolder(root, "twice");
  await makePlan({ ...sweep, seeds: ["1", "2"] }, "sweep", { folder, force: false });
  const [first, ...others] = readFileSync(folder.plan, "utf8").split("\n");
  writeFileSync(folder.plan, [first, first, ...others].join("\n"));
  await expect(sweepStatus(folder)).rejects.toThrow(/plan\.jsonl:2: cell [0-9a-f]{16} appears twice/);
});
