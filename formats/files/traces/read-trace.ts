/** Reads a trace of any known format, plain or gzip. The content decides the format; nothing is guessed. */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { ArtifactError, ConfigError } from "../../errors.js";
import type { Load, Trace, TraceFormat } from "../../load/index.js";
import { plainLine } from "../../plain-text.js";
import { readBytes, rejectUtf16 } from "../disk/index.js";
import { holdsCutRun, readRun } from "../runs/index.js";
import { agentFiles, readAgents } from "./agent-trace.js";
import { azureColumns, readAzure } from "./azure.js";
import { burstGptColumns, readBurstGpt } from "./burstgpt.js";
import { readChats } from "./chat-trace.js";
import { csvTable, type CsvTable } from "./csv-table.js";
import { readCustom } from "./custom.js";
import { multiTurnKeys, readMultiTurn } from "./multi-turn.js";
import { readRequestCsv, readRunCsv, requestColumns, runColumns, traceOfRun } from "./request-csv.js";
import { readShareGpt } from "./sharegpt.js";
import { readShareGptTurns } from "./sharegpt-turns.js";
import { readTimedTrace, timedTraceKeys } from "./timed-trace.js";

export interface TraceOptions {
  /** Absent: the content decides. */
  readonly format?: TraceFormat | undefined;
  /** For ShareGPT, which has texts: token ids of a text. */
  readonly loadTokenizer: () => Promise<(text: string) => readonly number[]>;
  /** Most requests that are needed, where reading more would take long. */
  readonly limit?: number | undefined;
  /** Most sessions that are needed. */
  readonly sessionLimit?: number | undefined;
  /** Tokens behind each hash id of JSON lines; 512. */
  readonly blockTokens?: number | undefined;
  /** Of custom, output tokens of every request; absent: each line has its own. */
  readonly customOutputLen?: number | undefined;
  /** Seconds of a unit of the timestamps of JSON lines; 0.001. */
  readonly secondsPerUnit?: number | undefined;
}

/** How a load has its trace read. */
export function traceOptionsOf(load: Load, loadTokenizer: TraceOptions["loadTokenizer"]): TraceOptions {
  return {
    format: load.trace_format,
    blockTokens: load.timed_trace_chunk_hash_size,
    secondsPerUnit: load.timed_trace_sec_multiplier,
    customOutputLen: load.custom_output_len,
    limit: load.num_prompts,
    sessionLimit: load.num_sessions,
    loadTokenizer,
  };
}

/** Readers of CSV forms; a form fits when all its columns are there, and the first that fits is the narrowest. */
const csvForms: readonly { format: TraceFormat; columns: readonly string[]; read: (table: CsvTable) => Trace }[] = [
  { format: "azure", columns: azureColumns, read: readAzure },
  { format: "burstgpt", columns: burstGptColumns, read: readBurstGpt },
  { format: "run", columns: runColumns, read: readRunCsv },
  { format: "csv", columns: requestColumns, read: readRequestCsv },
];

const knownForms = [
  ...csvForms.map(({ format, columns }) => `${format} (CSV with ${columns.join(", ")})`),
  `mooncake or timed_trace (JSON lines with ${timedTraceKeys.join(", ")})`,
  "the same with chat_id and turn, as sessions (trace_format chat)",
  "custom (JSON lines with prompt and output_tokens)",
  `multi_turn (JSON lines with ${multiTurnKeys.join(", ")})`,
  "agent (a JSON object with requests and hash_ids, or a folder of them)",
  "sharegpt or sharegpt_turns (JSON array of conversations)",
].join("; ");

/** `path` may be a run folder, too. ArtifactError names file and line. */
export async function readTrace(path: string, options: TraceOptions): Promise<Trace> {
  if (options.format === "agent" || agentFiles(path) !== undefined) return readAgents(path);
  const isFolder = existsSync(path) && statSync(path).isDirectory();
  if (isFolder && holdsCutRun(path)) {
    const run = await readRun(path);
    return traceOfRun(run, path, run.info.valid?.reasons.slice(0, 1) ?? []);
  }
  const file = isFolder ? requestsOfRun(path) : path;
  const bytes = readBytes(file);
  const format = options.format ?? formatOf(file, bytes);
  if (format !== "custom" && options.customOutputLen !== undefined)
    throw new ConfigError(
      `${file}: custom_output_len is for JSON lines with a prompt, this is ${format}; leave it out`,
    );
  switch (format) {
    case "mooncake":
    case "timed_trace":
      return readTimedTrace(file, bytes, {
        blockTokens: options.blockTokens ?? 512,
        secondsPerUnit: options.secondsPerUnit ?? 0.001,
      });
    case "agent":
      return readAgents(file);
    case "custom":
      return readCustom(file, bytes, {
        tokenize: await options.loadTokenizer(),
        outputLen: options.customOutputLen,
        secondsPerUnit: options.secondsPerUnit ?? 1,
        wanted: options.limit,
      });
    case "chat":
      return readChats(file, bytes, {
        blockTokens: options.blockTokens ?? 16,
        secondsPerUnit: options.secondsPerUnit ?? 1,
      });
    case "multi_turn":
      return readMultiTurn(file, bytes, await options.loadTokenizer());
    case "sharegpt_turns":
      return readShareGptTurns(file, bytes, { tokenize: await options.loadTokenizer(), limit: options.sessionLimit });
    case "sharegpt":
      return readShareGpt(file, bytes, { tokenize: await options.loadTokenizer(), limit: options.limit });
    default:
      return csvForms.find((form) => form.format === format)!.read(csvTable(file, bytes));
  }
}

function formatOf(path: string, bytes: Buffer): TraceFormat {
  requireText(path, bytes);
  const head = bytes
    .toString("utf8", 0, 4096)
    .replace(/^\uFEFF/, "")
    .trimStart();
  if (head === "") throw new ArtifactError(`${path} is empty, expected a trace of requests (docs/workloads.md)`);
  if (head.startsWith("{")) return objectFormOf(head);
  if (head.startsWith("[")) {
    if (/^\[\s*("|\])/.test(head)) {
      throw new ArtifactError(`${path} is a JSON array of texts, expected a trace; give prompts as --prompts`);
    }
    return "sharegpt";
  }
  const { header } = csvTable(path, bytes);
  const form = csvForms.find(({ columns }) => columns.every((name) => header.includes(name)));
  if (form !== undefined) return form.format;
  throw new ArtifactError(
    `${path}:1: got columns ${plainLine(header.join(", "), 120)}, which fit no known format: ${knownForms}`,
  );
}

/** Text that a spreadsheet or an old system wrote may be no UTF-8, or have no line ends that count. */
function requireText(path: string, bytes: Buffer): void {
  const head = bytes.subarray(0, 4096);
  rejectUtf16(path, head);
  if (head.includes(0))
    throw new ArtifactError(`${path} is not text, expected a trace of requests (docs/workloads.md)`);
  if (!/^\s*[[{]/.test(head.toString("latin1")) && head.includes(0x0d) && !bytes.includes(0x0a)) {
    throw new ArtifactError(`${path}: its lines end with CR only, expected LF: tr '\\r' '\\n' converts them`);
  }
}

/** What a file that begins with a JSON object is, by the keys of its first one. */
function objectFormOf(head: string): TraceFormat {
  const [line] = head.split("\n", 1) as [string];
  const has = (key: string): boolean => line.includes(`"${key}"`);
  if (multiTurnKeys.every(has)) return "multi_turn";
  if (has("timestamp")) return "mooncake";
  if (head.includes('"block_size"')) return "agent";
  return has("prompt") ? "custom" : "mooncake";
}

function requestsOfRun(folder: string): string {
  const found = ["requests.csv", "requests.csv.gz"].map((name) => join(folder, name)).find((path) => existsSync(path));
  if (found === undefined) {
    throw new ArtifactError(`${folder} is a folder without requests.csv or requests.csv.gz, expected a run or a file`);
  }
  return found;
}
