/** Where each repeat of a run goes: the first where the flag says, the second under that name with `-r2`, and so on. */
import { extname } from "node:path";
import { readRun } from "../../formats/files/index.js";
import type { Run } from "../../formats/index.js";
import { warn } from "../printing/index.js";

/** `out`, `out-r2`, as an experiment names them. `at`: number of the repeat, from 0. */
export function repeatFolder(folder: string, at: number): string {
  return at === 0 ? folder : `${folder.replace(/(?<=.)\/+$/, "")}-r${at + 1}`;
}

/** `t.json.gz`, `t-r2.json.gz`. */
export function repeatFile(file: string, at: number): string {
  if (at === 0) return file;
  const packed = file.endsWith(".gz") ? ".gz" : "";
  const extension = extname(file.slice(0, file.length - packed.length)) + packed;
  return `${file.slice(0, file.length - extension.length)}-r${at + 1}${extension}`;
}

export async function readRunSaying(folder: string): Promise<Run> {
  const run = await readRun(folder);
  warnIfCut(folder, run);
  return run;
}

export function warnIfCut(name: string, { info }: Run): void {
  if (info.cut === true) warn(`${name}: ${info.valid?.reasons[0] ?? "the run was cut"}`);
}
