/** A finished run is kept when its inputs are unchanged, and never replaced by one of other inputs without --force. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ConfigError, withInfo, type Run } from "../../formats/index.js";
import { readRun, writeRun } from "../../formats/files/index.js";

export interface RunPlace {
  readonly path: string;
  /** Fingerprint of what the run is made from. */
  readonly inputs: string;
  readonly force: boolean;
}

/** True if the run exists and may stay; ConfigError if another run is in its place. */
export async function canReuse({ path, inputs, force }: RunPlace): Promise<boolean> {
  if (force || !existsSync(join(path, "run.json"))) return false;
  if (await wasMadeFrom(path, inputs)) return true;
  throw new ConfigError(
    `${path} was made from other inputs (profile, policy, load, prompts or seed changed); pass --force to make the ` +
      `experiment again, or give it another name`,
  );
}

/** Whether the run is there and was made from these inputs. */
export async function wasMadeFrom(path: string, inputs: string): Promise<boolean> {
  return existsSync(join(path, "run.json")) && (await readRun(path)).info.inputs_sha256 === inputs;
}

/** Writes a run with the fingerprint of its inputs. */
export async function writeReusable({ path, inputs, force }: RunPlace, run: Run): Promise<void> {
  await writeRun(path, withInfo(run, { ...run.info, inputs_sha256: inputs }), { force });
}
