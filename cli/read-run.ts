/** A run folder read for a command that judges it: of a run that was cut, a remark says what is left. */
import type { Run } from "../formats/index.js";
import { readRun } from "../formats/files/index.js";
import { warn } from "./output.js";

export async function readRunSaying(folder: string): Promise<Run> {
  const run = await readRun(folder);
  warnIfCut(folder, run);
  return run;
}

export function warnIfCut(name: string, { info }: Run): void {
  if (info.cut === true) warn(`${name}: ${info.valid?.reasons[0] ?? "the run was cut"}`);
}
