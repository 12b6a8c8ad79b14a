/** servesim trace inspect|convert|slice FILE: what a trace looks like; another format, other times, a part of it. */
import { z } from "zod";
import { readTrace, traceOptionsOf, writeTrace, writtenForms, type WrittenForm } from "../../../formats/files/index.js";
import { ConfigError, type Load, type Session, type Trace, type WorkloadRequest } from "../../../formats/index.js";
import { loadTokenizer, sessionStatistics, traceStatistics, workloadFromRequests } from "../../../sim/index.js";
import type { Args, Command } from "../../command.js";
import { chartFile, drawChart, pngFlag, requireChartFree, requireFree } from "../../files/index.js";
import {
  declareFlags,
  fileName,
  oneOf,
  parseFlags,
  rejectGiven,
  toggle,
  traceFlags,
  traceLoadFromFlags,
  type Flags,
} from "../../flags/index.js";
import { note, print, printJson, warn } from "../../printing/index.js";
import { printSessionStatistics, printTrace, printTraceJson, sessionKeys } from "./print.js";

const actions = ["inspect", "convert", "slice"] as const;
type Action = (typeof actions)[number];

const ownFlags = {
  seed: z.string().default("1").describe("seed for everything random"),
  json: toggle.describe("print one JSON object"),
  force: toggle.describe("overwrite an existing file"),
};

const inspectFlags = {
  block_size: z.int().positive().default(16).describe("tokens in a block of the prefix cache"),
  plot: chartFile.describe("SVG file for a chart of requests over time and lengths"),
  png: pngFlag,
};

const writeFlags = {
  output: fileName.optional().describe("file to write; compressed if it ends in .gz"),
  to: z
    .enum(writtenForms)
    .optional()
    .describe("csv, or jsonl, which keeps shared prefixes; default: by the name of --output, then by the content"),
};

const sliceFlags = {
  start_row: z.int().min(0).optional().describe("first request to keep, counted from 0 in order of arrival"),
  end_row: z.int().positive().optional().describe("first request to leave out, counted in the same way"),
};

export const command: Command = {
  flags: (yargs) => {
    const words = yargs
      .positional("action", { type: "string", describe: actions.join(", ") })
      .positional("file", { type: "string", describe: "trace, workload CSV or run folder" });
    const own = declareFlags(declareFlags(words, ownFlags), inspectFlags, "Inspect:");
    const written = declareFlags(declareFlags(own, writeFlags, "Convert and slice:"), sliceFlags, "Slice:");
    return declareFlags(written, traceFlags, "Changes, in this order: unbin, slice, number, times:");
  },
  run: async (args) => {
    const action = oneOf(args.action, actions, "trace", "action");
    rejectOthersFlags(action, args);
    const load = traceLoadFromFlags(String(args.file), args);
    const flags = parseFlags({ ...ownFlags, ...inspectFlags, ...writeFlags, ...sliceFlags }, args);
    if (action === "inspect") requireChartFree(flags.plot, "--plot", flags);
    else requireFree([required(flags.output, action)], "--output", flags.force);
    const trace = await readTrace(String(args.file), traceOptionsOf(load, loadTokenizer));
    if (trace.sessions !== undefined) {
      if (action === "inspect") inspectSessions(trace, trace.sessions, String(args.file), flags);
      else
        throw new ConfigError(`trace ${action}: ${String(args.file)} is a trace of sessions, which is only inspected`);
      return;
    }
    const requests = slicedByRows(changed(trace, load, flags.seed), flags);
    if (action === "inspect") await inspect(trace, requests, String(args.file), flags);
    else await write(trace, requests, { ...flags, output: required(flags.output, action) }, load);
  },
};

/** A flag of another action would do nothing. */
function rejectOthersFlags(action: Action, args: Args): void {
  const owned: readonly [readonly Action[], Readonly<Record<string, z.ZodType>>][] = [
    [["inspect"], inspectFlags],
    [["convert", "slice"], writeFlags],
    [["slice"], sliceFlags],
  ];
  for (const [owners, shape] of owned) {
    if (owners.includes(action)) continue;
    rejectGiven(shape, args, (flag) => `${flag} is a flag of trace ${owners.join(" and ")}, not of trace ${action}`);
  }
}

function required(output: string | undefined, action: Action): string {
  if (output === undefined) throw new ConfigError(`trace ${action}: got no --output, expected the file to write`);
  return output;
}

/** The trace's requests as the flags change them; without arrival times and without a rate they keep having none. */
function changed(trace: Trace, load: Load, seed: string): readonly WorkloadRequest[] {
  const isUntimed = trace.requests[0]?.arrivalNs === undefined;
  const hasRate = load.request_rate !== undefined || load.ramp_up_strategy !== undefined;
  const { requests } = workloadFromRequests(load, trace.requests, seed);
  if (!isUntimed || hasRate) return requests;
  return requests.map(({ id, promptTokens, outputTokens }) => ({ id, promptTokens, outputTokens }));
}

function slicedByRows(
  requests: readonly WorkloadRequest[],
  { start_row: start = 0, end_row: end = Infinity }: Flags<typeof sliceFlags>,
): readonly WorkloadRequest[] {
  if (start === 0 && end === Infinity) return requests;
  const rows = requests.slice(start, end);
  const originNs = rows[0]?.arrivalNs;
  if (rows.length === 0) {
    const rowsAsked = `${start}${end === Infinity ? " on" : ` to ${end}`}`;
    throw new ConfigError(
      `no requests from row ${rowsAsked}, the trace has ${requests.length}: change --start-row or --end-row`,
    );
  }
  return originNs === undefined
    ? rows
    : rows.map((request) => ({ ...request, arrivalNs: request.arrivalNs! - originNs }));
}

function inspectSessions(
  { format, rows, notes }: Trace,
  sessions: readonly Session[],
  file: string,
  { block_size: blockTokens, plot, json }: Flags<typeof inspectFlags> & Flags<typeof ownFlags>,
): void {
  if (plot !== undefined)
    throw new ConfigError(`--plot: ${file} is a trace of sessions, which has no chart; leave it out`);
  const statistics = sessionStatistics(sessions, blockTokens);
  if (json) {
    printJson({ file, format, rows, notes, ...sessionKeys(statistics, blockTokens) });
    return;
  }
  print(`${file} (${format}):`);
  printSessionStatistics(statistics, blockTokens);
  for (const text of notes) warn(text);
}

async function inspect(
  trace: Trace,
  requests: readonly WorkloadRequest[],
  file: string,
  { block_size: blockTokens, plot, png, json }: Flags<typeof inspectFlags> & Flags<typeof ownFlags>,
): Promise<void> {
  const statistics = traceStatistics(requests, { blockTokens, parts: 60 });
  (json ? printTraceJson : printTrace)({ file, trace, statistics, blockTokens });
  if (plot === undefined) return;
  const { tracePicture } = await import("../../../report/charts/index.js");
  await drawChart(plot, tracePicture(requests, `Trace ${file.split("/").at(-1)!}`), png);
}

async function write(
  trace: Trace,
  requests: readonly WorkloadRequest[],
  { output, to, json }: Omit<Flags<typeof writeFlags>, "output"> & Flags<typeof ownFlags> & { output: string },
  load: Load,
): Promise<void> {
  const hasContent = requests.some(({ content }) => content !== undefined);
  const form = to ?? formOf(output) ?? (hasContent ? "jsonl" : "csv");
  if (form === "csv" && hasContent) warn("CSV cannot keep shared prefixes; --to jsonl keeps them");
  for (const text of trace.notes) warn(text);
  await writeTrace(output, requests, form, load.timed_trace_chunk_hash_size);
  if (json) printJson({ written: output, format: form, requests: requests.length, notes: trace.notes });
  else note(`${requests.length} requests written to ${output}`);
}

function formOf(path: string): WrittenForm | undefined {
  return writtenForms.find((form) => path.endsWith(`.${form}`) || path.endsWith(`.${form}.gz`));
}
