/**
 * npm run -s bench:sweep-memory [-- --cells N]: the memory that planning, asking for the state of and merging a sweep take, each in
 * a process of its own. Its cells are not simulated: every row has the same few figures, which is enough to be planned and merged.
 */
import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { sweepSchema } from "../../formats/index.js";
import { makePlan, mergeSweep, sweepFolder, sweepStatus } from "../../jobs/sweep/index.js";
import { eachPlanned } from "../../jobs/sweep/plan-file.js";

const { values } = parseArgs({
  options: { cells: { type: "string", default: "100000" }, step: { type: "string" }, folder: { type: "string" } },
});
const cells = Number(values.cells);
const folder = sweepFolder(values.folder ?? "", "memory");

/** A thousand seeds of as many rates as it takes. */
const SEEDS = 1000;
const FILES = 4;

const steps: Readonly<Record<string, () => Promise<unknown>>> = {
  plan: () => makePlan(sweepOf(cells), "sweep", { folder, force: false }),
  "plan again": () => makePlan(sweepOf(cells), "sweep", { folder, force: false }),
  rows,
  status: () => sweepStatus(folder),
  merge: () => mergeSweep(folder),
};

if (values.step === undefined) runAll();
else {
  await steps[values.step]!();
  console.log(`${Math.round(process.resourceUsage().maxRSS / 1024)} ${(process.cpuUsage().user / 1e6).toFixed(0)}`);
}

function runAll(): void {
  const root = mkdtempSync(join(tmpdir(), "servesim-sweep-memory-"));
  try {
    for (const step of Object.keys(steps)) {
      const args = [
        "--import",
        "tsx",
        import.meta.filename,
        "--cells",
        String(cells),
        "--step",
        step,
        "--folder",
        root,
      ];
      const [mib, seconds] = execFileSync(process.execPath, args, { encoding: "utf8" }).trim().split(" ");
      if (step !== "rows") console.log(`${step}: at most ${mib!} MiB resident, ${seconds!} s of CPU time`);
    }
    const { csv, parquet } = sweepFolder(root, "memory");
    const mib = (path: string): string => (statSync(path).size / 2 ** 20).toFixed(0);
    console.log(`${cells} cells: ${mib(csv)} MiB of CSV, ${mib(parquet)} MiB of Parquet`);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function sweepOf(count: number): ReturnType<typeof sweepSchema.parse> {
  const rates = Array.from({ length: Math.ceil(count / SEEDS) }, (_, at) => 1 + at / 100);
  const seeds = Array.from({ length: Math.min(count, SEEDS) }, (_, at) => at);
  return sweepSchema.parse({
    ...{ version: 1, name: "memory", profiles: ["mini-cpu-2core"], seeds, replications: 1 },
    policies: [{ policy: "naive", batch_size: 4, timeout_s: 0.1 }],
    loads: [{ dataset_name: "fixed", input_len: 16, output_len: 8, num_prompts: 60, request_rate: rates }],
  });
}

/** Out of order, in some files. */
async function rows(): Promise<void> {
  mkdirSync(folder.parts, { recursive: true });
  const files = Array.from({ length: FILES }, (_, at) => openSync(join(folder.parts, `${at}.jsonl`), "w"));
  let at = 0;
  for await (const { id } of eachPlanned(folder.plan)) {
    const statistics = Object.fromEntries(Array.from({ length: 12 }, (_, key) => [`mean_${key}_ms`, at % (97 + key)]));
    const capacity = { requests_per_s: at % 89, utilisation: 0.5, verdict: "below", bound_by: "gpu" };
    writeSync(files[at % FILES]!, `${JSON.stringify({ cell: id, statistics, intervals: {}, hidden: [], capacity })}\n`);
    at++;
  }
  for (const file of files) closeSync(file);
}
