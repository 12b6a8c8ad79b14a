/**
 * servesim sweep plan|run|status|merge FILE.yaml: many simulations from one file, on any number of threads and
 * machines.
 */
import { dirname, isAbsolute, join, resolve } from "node:path";
import { z } from "zod";
import { readSweep, whileLocked } from "../../formats/files/index.js";
import { ConfigError, parseSlos, type Slo, type Sweep } from "../../formats/index.js";
import { atPlace, profileReference } from "../../jobs/inputs/index.js";
import {
  cellName,
  collectRows,
  isSwept,
  makePlan,
  mergeSweep,
  parseShard,
  queueAddress,
  queueStatus,
  runQueue,
  runSweep,
  sweepFolder,
  sweepStatus,
  sweptLines,
  type AskQueueOptions,
  type RunSweepOptions,
  type SweepFolder,
  type SweepStatus,
  type SweptLines,
} from "../../jobs/sweep/index.js";
import { sameCommand } from "../answers/index.js";
import type { Command } from "../command.js";
import { beginsWith, chartFile, drawChart, pngFlag, requireChartFree, requireFree } from "../files/index.js";
import { count, declareFlags, fileName, folderName, oneOf, parseFlags, seconds, text, toggle } from "../flags/index.js";
import { note, print, printJson, printTable, warn } from "../printing/index.js";
import { reporter, stoppable, ThresholdMissed } from "../process/index.js";
import { writeSweepPage } from "./sweep-page.js";

const ownFlags = {
  results: folderName.default("results").describe("folder for sweeps"),
  shard: text.describe(
    "run: simulate one part of the cells: 3/8, or auto/8 and auto in a Slurm array or an indexed Kubernetes Job",
  ),
  queue: text.describe(
    "run: share the cells with other machines through a Valkey or Redis server, redis://HOST:PORT (password: " +
      "SERVESIM_QUEUE_PASSWORD); status, merge: take what they have returned",
  ),
  chunk_seconds: seconds.optional().describe("run --queue: least work of a job, s; default: 30"),
  queue_timeout: seconds
    .default(60)
    .describe("--queue: seconds that the server may be away before the command gives up"),
  workers: count(1024).optional().describe("run: threads; default: one for each core"),
  refine: z
    .enum(["knee"])
    .optional()
    .describe("run: add rates where a server stops keeping up or, with --slo, where goals stop being met"),
  slo: text.describe("run: latency goals of --refine, ms, such as p99_ttft:500,mean_tpot:40"),
  retry_failed: toggle.describe("run: simulate failed cells again"),
  chart: chartFile.describe("run, merge: file for a chart of the table, SVG"),
  page: fileName
    .optional()
    .describe("run, merge: HTML file for a page: which setting is best where, charts, every cell"),
  png: pngFlag,
  force: toggle.describe("plan, run: replace a plan of other cells"),
  json: toggle.describe("print the progress of the sweep as JSON"),
};

type SweepFlags = ReturnType<typeof parseFlags<typeof ownFlags>>;

const actions = ["plan", "run", "status", "merge"] as const;

export const command: Command = {
  flags: (yargs) =>
    declareFlags(
      yargs
        .positional("action", { type: "string", describe: actions.join(", ") })
        .positional("sweep", { type: "string", describe: "sweep file, YAML (servesim schema sweep)" }),
      ownFlags,
    ),
  run: async (args) => {
    const flags = parseFlags(ownFlags, args);
    const action = oneOf(args.action, actions, "sweep", "action");
    requirePictured(action, flags);
    requireSweepPlaces(flags);
    const path = String(args.sweep);
    const sweep = withPaths(readSweep(path), path);
    const folder = sweepFolder(flags.results, sweep.name);
    report(await statusAfter[action](sweep, path, { folder, flags }), flags.json);
  },
};

/** ConfigError for what would not be written. */
function requirePictured(action: (typeof actions)[number], { chart, page, png, shard, queue }: SweepFlags): void {
  if (png && chart === undefined) throw new ConfigError("--png writes the chart as PNG, too: give --chart with it");
  const [flag, file] = chart === undefined ? ["--page", page] : ["--chart", chart];
  if (file === undefined) return;
  if (action === "plan" || action === "status")
    throw new ConfigError(`${flag} ${file}: is for sweep run and sweep merge`);
  if (shard !== undefined) {
    throw new ConfigError(`${flag} ${file}: a shard has only a part of the cells; give it to servesim sweep merge`);
  }
  if (action === "run" && queue !== undefined) {
    throw new ConfigError(`${flag} ${file}: a queue's rows are on its server; give it to servesim sweep merge --queue`);
  }
}

/** The same command again replaces what it made; anything else stays. */
function requireSweepPlaces({ chart, page, png, force }: SweepFlags): void {
  if (chart !== undefined) {
    requireChartFree(chart, "--chart", { png, force: force || beginsWith(chart, 'class="servesim-chart"') });
  }
  if (page !== undefined) requireFree([page], "--page", force || beginsWith(page, "<!doctype html>"));
}

type Action = (sweep: Sweep, path: string, running: Running) => Promise<SweepStatus>;

const statusAfter: Readonly<Record<(typeof actions)[number], Action>> = {
  plan,
  run,
  status: async (sweep, path, running) => {
    const queue = queueOf(running.flags);
    if (queue === undefined) return sweepStatus(running.folder);
    return queueStatus(await makePlan(sweep, path, { folder: running.folder, force: false }), queue);
  },
  merge: async (sweep, path, { folder, flags }) => {
    const queue = queueOf(flags);
    if (queue !== undefined) {
      const rows = await collectRows(await makePlan(sweep, path, { folder, force: false }), folder, queue);
      note(`${rows} rows taken from ${queue.address.url}`);
    }
    return merge(folder, sweep.name, flags);
  },
};

function queueOf({ queue, queue_timeout: timeoutS }: SweepFlags): AskQueueOptions | undefined {
  return queue === undefined ? undefined : { address: queueAddress(queue, process.env), timeoutS };
}

interface Running {
  readonly folder: SweepFolder;
  readonly flags: SweepFlags;
}

async function plan(sweep: Sweep, path: string, { folder, flags }: Running): Promise<SweepStatus> {
  const { planned } = await makePlan(sweep, path, { folder, force: flags.force });
  const status = await sweepStatus(folder, planned);
  tellImpossible(status);
  if (!flags.json) print(`${planned.length} cells: ${folder.plan}`);
  return status;
}

async function run(sweep: Sweep, path: string, { folder, flags }: Running): Promise<SweepStatus> {
  const shard = flags.shard === undefined ? undefined : parseShard(flags.shard, process.env);
  const refine = goalsOf(flags);
  if (shard !== undefined && refine !== undefined) {
    throw new ConfigError("--refine: needs the rows of all shards; refine with another sweep run without --shard");
  }
  const queue = queueOf(flags);
  if (queue === undefined && flags.chunk_seconds !== undefined) {
    throw new ConfigError("--chunk-seconds: expected --queue with it");
  }
  if (queue !== undefined && shard !== undefined) {
    throw new ConfigError("--queue: the queue shares out the cells; leave --shard out");
  }
  if (queue !== undefined && refine !== undefined) {
    throw new ConfigError(
      "--refine: not with --queue; refine when the sweep is merged, with another sweep run on that machine",
    );
  }
  const made = await makePlan(sweep, path, { folder, force: flags.force });
  if (queue !== undefined) {
    await simulate(folder, (running) =>
      runQueue(made, { ...queue, ...running, ...ranWith(flags, folder), chunkS: flags.chunk_seconds ?? CHUNK_S }),
    );
    note(`all cells are simulated; to make the tables, run: servesim sweep merge ${path} --queue ${queue.address.url}`);
    return queueStatus(made, queue);
  }
  const simulateHere = (): Promise<void> =>
    simulate(folder, (running) => runSweep(made, { ...running, ...ranWith(flags, folder), shard, refine }));
  // Shards may share a folder, and one that was killed is started again on another machine.
  if (shard === undefined) await whileLocked(folder.root, simulateHere);
  else await simulateHere();
  if (shard === undefined) return merge(folder, sweep.name, flags);
  note(
    `shard ${shard.index + 1} of ${shard.count} is finished; when all shards are, run: servesim sweep merge ${path}`,
  );
  return sweepStatus(folder);
}

function goalsOf({ refine, slo }: SweepFlags): readonly Slo[] | undefined {
  if (refine === undefined && slo !== undefined) throw new ConfigError(`--slo ${slo}: expected --refine knee with it`);
  return refine === undefined ? undefined : slo === undefined ? [] : ofAllRequests(parseSlos(slo));
}

/** Least work of a job of a queue, seconds. */
const CHUNK_S = 30;

function ranWith({ workers, force, retry_failed: retryFailed }: SweepFlags, folder: SweepFolder) {
  return { folder, workers, force, retryFailed };
}

async function simulate(
  folder: SweepFolder,
  work: (running: Pick<RunSweepOptions, "signal" | "reporter">) => Promise<number>,
): Promise<void> {
  const kept = `finished cells are kept in ${folder.parts}; continue with the same command`;
  const simulated = await stoppable(kept, (signal) => work({ signal, reporter }));
  note(`simulated ${simulated} cells`);
}

async function merge(folder: SweepFolder, name: string, { chart, page, png }: SweepFlags): Promise<SweepStatus> {
  const { table, ...status } = await mergeSweep(folder, { keep: chart === undefined ? undefined : isSwept });
  note(`${status.finished + status.failedCount} rows written to ${folder.csv} and ${folder.parquet}`);
  if (chart !== undefined) await drawSweep(chart, name, sweptLines(table), png);
  if (page !== undefined) {
    await writeSweepPage(page, folder, [sameCommand()]);
    note(`page written to ${page}`);
  }
  return status;
}

async function drawSweep(file: string, title: string, swept: SweptLines | undefined, png: boolean): Promise<void> {
  if (swept === undefined) {
    warn("no chart: no numeric setting has two values in the table, or no latency is known");
    return;
  }
  const { sweepPicture } = await import("../../report/charts/index.js");
  await drawChart(file, sweepPicture({ title, ...swept }), png);
}

/** ThresholdMissed where cells failed: whoever started the sweep should know. */
function report(status: SweepStatus, json: boolean): void {
  const { cells, finished, left, failedCount, impossibleCount } = status;
  const named = (list: SweepStatus["failed"]) =>
    list.map(({ cell, reason }) => ({ cell: cell.id, name: cellName(cell), reason }));
  const [failed, impossible] = [named(status.failed), named(status.impossible)];
  const counts = { failed_count: failedCount, impossible_count: impossibleCount };
  if (json) printJson({ cells, finished, left, ...counts, failed, impossible });
  else {
    printTable(
      ["cells", "finished", "left", "failed", "cannot be simulated"],
      [[cells, finished, left, failedCount, impossibleCount].map(String)],
    );
  }
  for (const { name, reason } of failed.slice(0, MAX_TOLD)) warn(`${name}: ${reason}`);
  if (failedCount > 0) {
    throw new ThresholdMissed(`${failedCount} of ${cells} cells failed; try them again with sweep run --retry-failed`);
  }
}

/** Messages of one kind. */
const MAX_TOLD = 10;

/** One message for each reason, with the first cell that it keeps from running. */
function tellImpossible({ reasons }: SweepStatus): void {
  for (const [reason, { cell, count }] of [...reasons].slice(0, MAX_TOLD)) {
    const others = count === 1 ? "" : ` and ${count - 1} more`;
    warn(`cannot be simulated: ${cellName(cell)}${others}: ${reason}`);
  }
}

/** Paths in a sweep file are relative to that file. */
function withPaths(sweep: Sweep, file: string): Sweep {
  const base = dirname(resolve(file));
  const at = (path: string): string => (isAbsolute(path) ? path : join(base, path));
  return {
    ...sweep,
    profiles: sweep.profiles.map((name) => atPlace(`${file}: profiles`, () => profileReference(name, base))),
    ...(sweep.prompts === undefined ? {} : { prompts: at(sweep.prompts) }),
    loads: sweep.loads.map((load) => {
      const { workload } = load;
      if (typeof workload === "string") return { ...load, workload: at(workload) };
      return Array.isArray(workload) ? { ...load, workload: workload.map((path) => at(String(path))) } : load;
    }),
  };
}

/** A sweep keeps the statistics of all requests together. */
function ofAllRequests(slos: Slo[]): Slo[] {
  const given = slos.find((slo) => slo.class !== undefined);
  if (given === undefined) return slos;
  throw new ConfigError(`--slo ${given.name}: a sweep has no figures by class, expected a goal of all requests`);
}
