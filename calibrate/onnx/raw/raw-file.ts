/**
 * The raw measurements of batches on disk, a row each, so that a calibration cut short loses nothing; and beside them
 * `<name>.plan.json`, which says what was measured where and is compared before going on.
 */
import { existsSync, rmSync } from "node:fs";
import { z } from "zod";
import { ArtifactError, ConfigError, check } from "../../../formats/index.js";
import { readJson, writeJson } from "../../../formats/files/index.js";
import { measurementKinds, type Measurement } from "../../fit/index.js";
import type { GridPlan } from "../plan.js";
import { count, dropCutLine, ms, rawRows, real } from "./raw-rows.js";
import { stepRawPathOf } from "./step-file.js";

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

const batchRows = rawRows<Measurement>(
  {
    batch_size: ["batchSize", count],
    prompt_tokens: ["promptTokens", count],
    decode_steps: ["decodeSteps", count],
    rep: ["rep", count],
    order: ["order", count],
    prefill_ms: ["prefillNs", ms],
    decode_ms: ["decodeNs", ms],
    wall_ms: ["wallNs", ms],
    dispatch_ms: ["dispatchNs", ms],
    peak_rss_bytes: ["peakRssBytes", count],
    kind: ["kind", z.enum(measurementKinds)],
    block: ["block", count.optional()],
    other_cores: ["otherCores", real.optional()],
  },
  // Absent in files of servesim 0.1.
  ["block", "other_cores"],
);

/** Adds one measurement at once; writes all of them, whole or not at all; reads them. */
export const { append: appendRaw, write: writeRaw, read: readRaw } = batchRows;

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
  batchRows.start(rawPath);
}

/** Writes the plan of a raw file (again, when the memory pass was made anew). */
export function writeRawContext(rawPath: string, context: RawContext): void {
  writeJson(planPathOf(rawPath), { version: PLAN_VERSION, ...context });
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
    batchRows.start(rawPath);
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
