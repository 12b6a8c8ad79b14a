/** The folder that a calibration of a server keeps its measurements in, and the plan it began with: a resumed one goes on with it. */
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { ArtifactError, check, ConfigError, type Run } from "../../formats/index.js";
import { readJson, readRun, writeJson } from "../../formats/files/index.js";

export interface MeasuredRuns {
  readonly probes: Run;
  readonly mixed: Run;
  readonly heldOut: Run;
  /** Kept out of the fit as well, near what the server can do. */
  readonly busy: Run;
}

/** What a calibration leaves in its raw folder. */
const ownNames = ["plan.json", "groups", "probes", "mixed", "held-out", "held-out-busy"];

/** Removes an earlier calibration; ConfigError for a folder that holds anything else. */
export function clearRawFolder(rawFolder: string): void {
  if (!existsSync(rawFolder)) return;
  const others = readdirSync(rawFolder).filter((name) => !ownNames.includes(name) && !name.endsWith(".tmp"));
  if (others.length > 0) {
    throw new ConfigError(
      `${rawFolder} holds ${others.slice(0, 3).join(", ")}, which is not from a calibration of a server; choose another --output`,
    );
  }
  for (const name of ownNames) rmSync(join(rawFolder, name), { recursive: true, force: true });
}

/** The runs of a calibration that was measured to its end. */
export async function readWhole(rawFolder: string): Promise<MeasuredRuns | undefined> {
  const read = (name: string): Promise<Run> => readRun(join(rawFolder, name));
  if (!existsSync(join(rawFolder, "probes", "run.json"))) return undefined;
  return {
    probes: await read("probes"),
    mixed: await read("mixed"),
    heldOut: await read("held-out"),
    busy: await read("held-out-busy"),
  };
}

const planFileSchema = z.strictObject({
  version: z.literal(1),
  model: z.string(),
  vllm: z.string().nullable(),
  settings: z.record(z.string(), z.unknown()),
  vocab: z.int().positive(),
  budget_ms: z.number().positive(),
  seed: z.string(),
  pace: z.strictObject({
    fixedMs: z.number().nonnegative(),
    prefillTokenMs: z.number().nonnegative(),
    decodeStepMs: z.number().nonnegative(),
    batch: z.int().positive(),
    batchStepMs: z.number().nonnegative(),
  }),
});

export type PlanFile = z.output<typeof planFileSchema>;

const pathOf = (rawFolder: string): string => join(rawFolder, "plan.json");

export function writePlanFile(rawFolder: string, plan: PlanFile): void {
  writeJson(pathOf(rawFolder), plan);
}

/** The plan of an interrupted calibration; undefined where there is none. */
export function readPlanFile(rawFolder: string): PlanFile | undefined {
  const path = pathOf(rawFolder);
  if (!existsSync(path)) return undefined;
  return check(planFileSchema, readJson(path), { source: path, Failure: ArtifactError });
}

/**
 * ConfigError when another server answers now than the one that was measured. A setting that was unknown then and is
 * known now does not make it another server.
 */
export function rejectOtherServer(
  rawFolder: string,
  before: PlanFile,
  now: Pick<PlanFile, "model" | "vllm" | "settings">,
): void {
  const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
  const names = [...new Set([...Object.keys(before.settings), ...Object.keys(now.settings)])];
  const changed = [
    ...(before.model === now.model ? [] : [`model ${before.model}, now ${now.model}`]),
    ...(before.vllm === now.vllm ? [] : [`vLLM ${before.vllm ?? "unknown"}, now ${now.vllm ?? "unknown"}`]),
    ...names.flatMap((name) =>
      before.settings[name] === undefined || same(before.settings[name], now.settings[name])
        ? []
        : [`${name} ${JSON.stringify(before.settings[name])}, now ${JSON.stringify(now.settings[name])}`],
    ),
  ];
  if (changed.length === 0) return;
  throw new ConfigError(
    `${rawFolder} was measured on another server (${changed.join("; ")}); leave out --resume, or start that one`,
  );
}
