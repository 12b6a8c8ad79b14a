/** The folder that a calibration of a server keeps its measurements in. */
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ConfigError, type Run } from "../../formats/index.js";
import { readRun } from "../../formats/files/index.js";

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
