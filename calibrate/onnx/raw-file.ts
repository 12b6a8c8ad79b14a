/**
 * The raw measurements on disk: a CSV row per batch, appended as it is made, so that a calibration cut short loses
 * nothing; and beside it `<name>.plan.json`, which says what was measured where and is compared before going on.
 * Times are milliseconds in the file, nanoseconds in memory.
 */
import { existsSync, rmSync } from "node:fs";
import { z } from "zod";
import { ArtifactError, ConfigError, check, defined } from "../../formats/index.js";
import { checkRows, readCsv, readJson, writeCsv, writeJson, writeTextAtomic } from "../../formats/files/index.js";
import { measurementKinds, type Measurement } from "../fit/index.js";
import type { GridPlan } from "./plan.js";
import { appendLine, dropCutLine } from "./raw-lines.js";
import { stepRawPathOf } from "./steps/index.js";

const columns = [
  "batch_size",
  "prompt_tokens",
  "decode_steps",
  "rep",
  "order",
  "prefill_ms",
  "decode_ms",
  "wall_ms",
  "dispatch_ms",
  "peak_rss_bytes",
  "kind",
] as const;
/** Absent in files of servesim 0.1. */
const laterColumns = ["block", "other_cores"] as const;
const allColumns = [...columns, ...laterColumns];

/**
 * What a raw file belongs to. `baseBytes` is the memory before the first batch of the memory pass, `scouted` says that the
 * memory pass has come to its end, of the grid, of the memory or of the time allowed for it.
 */
export interface RawContext {
  readonly plan: GridPlan;
  readonly machine: { readonly cpu: string; readonly cores: number; readonly runtime: string };
  readonly baseBytes: number;
  readonly scouted: boolean;
}

/** What an earlier sitting left. */
export interface EarlierSitting {
  readonly measurements: Measurement[];
  readonly baseBytes: number;
  readonly scouted: boolean;
}

const PLAN_VERSION = 2;

const contextSchema = z.object({
  version: z.literal(PLAN_VERSION),
  plan: z.record(z.string(), z.unknown()),
  machine: z.record(z.string(), z.unknown()),
  baseBytes: z.number(),
  scouted: z.boolean(),
});

const count = z.string().pipe(z.coerce.number<string>()).pipe(z.int().nonnegative());
const ns = z
  .string()
  .pipe(z.coerce.number<string>())
  .transform((ms) => Math.round(ms * 1e6));

const rowSchema = z
  .object({
    batch_size: count,
    prompt_tokens: count,
    decode_steps: count,
    rep: count,
    order: count,
    prefill_ms: ns,
    decode_ms: ns,
    wall_ms: ns,
    dispatch_ms: ns,
    peak_rss_bytes: count,
    kind: z.enum(measurementKinds),
    block: count.optional(),
    other_cores: z.string().pipe(z.coerce.number<string>()).optional(),
  })
  .transform((row): Measurement => ({
    batchSize: row.batch_size,
    promptTokens: row.prompt_tokens,
    decodeSteps: row.decode_steps,
    rep: row.rep,
    order: row.order,
    prefillNs: row.prefill_ms,
    decodeNs: row.decode_ms,
    wallNs: row.wall_ms,
    dispatchNs: row.dispatch_ms,
    peakRssBytes: row.peak_rss_bytes,
    kind: row.kind,
    ...defined({ block: row.block, otherCores: row.other_cores }),
  }));

/** Where the plan of a raw file is kept. */
export function planPathOf(rawPath: string): string {
  return `${rawPath.replace(/\.csv$/, "")}.plan.json`;
}

/** Removes what a calibration has left: measurements of batches and of steps, and their plan. */
export function removeRaw(rawPath: string): void {
  for (const path of [rawPath, stepRawPathOf(rawPath), planPathOf(rawPath)]) rmSync(path, { force: true });
}

/** Starts a raw file: its header and its plan. ConfigError when measurements exist already. */
export function startRaw(rawPath: string, context: RawContext): void {
  const there = [rawPath, stepRawPathOf(rawPath)].find((path) => existsSync(path));
  if (there !== undefined) {
    throw new ConfigError(
      `${there} already has measurements; pass --resume to continue with them, or choose another --output`,
    );
  }
  const planPath = planPathOf(rawPath);
  if (existsSync(planPath) && !contextSchema.safeParse(readJson(planPath)).success) {
    throw new ConfigError(`${planPath} exists already and is not a calibration plan; choose another --output`);
  }
  writeRawContext(rawPath, context);
  writeTextAtomic(rawPath, header);
}

const header = `${allColumns.join(",")}\n`;

/** Writes the plan of a raw file (again, when the memory pass was made anew). */
export function writeRawContext(rawPath: string, context: RawContext): void {
  writeJson(planPathOf(rawPath), { version: PLAN_VERSION, ...context });
}

/** Adds one measurement at once, so that it survives whatever comes. ConfigError when the disk takes no more. */
export function appendRaw(rawPath: string, measurement: Measurement): void {
  const row = toRow(measurement);
  appendLine(
    rawPath,
    allColumns.map((column) => row[column] ?? ""),
  );
}

/** Writes all measurements, whole or not at all. */
export async function writeRaw(rawPath: string, measurements: readonly Measurement[]): Promise<void> {
  await writeCsv(rawPath, allColumns, measurements.map(toRow));
}

/** Reads raw measurements. */
export async function readRaw(rawPath: string): Promise<Measurement[]> {
  return checkRows(rowSchema, await readCsv(rawPath, columns), rawPath);
}

/**
 * Reads what an interrupted calibration left; a last row cut short is dropped. Throws ConfigError when it was made with
 * another plan or on another machine, and names the first difference.
 */
export async function resumeRaw(
  rawPath: string,
  now: Omit<RawContext, "baseBytes" | "scouted">,
): Promise<EarlierSitting> {
  const planPath = planPathOf(rawPath);
  const made = readJson(planPath) as { readonly version?: unknown } | null;
  if (made?.version === 1) {
    throw new ArtifactError(
      `${planPath}: begun by an earlier servesim, which did not watch the machine for drift; calibrate again with --force`,
    );
  }
  const then = check(contextSchema, made, { source: planPath, Failure: ArtifactError });
  // More repeats may be asked of what is uncertain than at first.
  rejectDifference(rawPath, "plan", then.plan, { ...now.plan, maxRepeats: then.plan.maxRepeats });
  rejectDifference(rawPath, "machine", then.machine, { ...now.machine });
  // Cut short between its plan and its first measurement.
  if (!dropCutLine(rawPath)) {
    writeTextAtomic(rawPath, header);
    return { measurements: [], baseBytes: then.baseBytes, scouted: false };
  }
  return { measurements: await readRaw(rawPath), baseBytes: then.baseBytes, scouted: then.scouted };
}

function rejectDifference(
  rawPath: string,
  what: string,
  then: Readonly<Record<string, unknown>>,
  now: Readonly<Record<string, unknown>>,
): void {
  for (const [field, value] of Object.entries(now)) {
    const made = field in then ? JSON.stringify(then[field]) : "unknown";
    const asked = JSON.stringify(value);
    if (made === asked) continue;
    throw new ConfigError(
      `cannot resume ${rawPath}: it was measured with ${what} ${field} ${made}, now it is ${asked}; ` +
        `use the same options on the same machine, or choose another --output`,
    );
  }
}

function toRow(measurement: Measurement): Record<(typeof allColumns)[number], string | number | undefined> {
  return {
    batch_size: measurement.batchSize,
    prompt_tokens: measurement.promptTokens,
    decode_steps: measurement.decodeSteps,
    rep: measurement.rep,
    order: measurement.order,
    prefill_ms: measurement.prefillNs / 1e6,
    decode_ms: measurement.decodeNs / 1e6,
    wall_ms: measurement.wallNs / 1e6,
    dispatch_ms: measurement.dispatchNs / 1e6,
    peak_rss_bytes: measurement.peakRssBytes,
    kind: measurement.kind,
    block: measurement.block,
    other_cores: measurement.otherCores,
  };
}
