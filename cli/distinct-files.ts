/** No command writes over what it reads, nor one of its own results over another, not even with --force. */
import { existsSync, realpathSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { ConfigError } from "../formats/index.js";
import type { Args } from "./command.js";

/** Flags whose value is a file or a folder that is written. */
const WRITTEN = ["output", "page", "chart", "plot", "trace", "save-result", "result-filename"];
/** Flags and words of a command line whose value is a file or a folder that is read, if it is a path at all. */
const READ_FLAGS = ["profile", "base", "workload", "dataset-path", "prompts", "output-len-from", "recording", "weights", "cacert", "csv", "from", "held-out"]; // prettier-ignore
const READ_WORDS = ["experiment", "sweep", "validation", "answer", "file", "folder", "run", "sim", "real"];

/** ConfigError for the first file that a command is asked to write twice, or to write where it reads. */
export function requireDistinctFiles(args: Args): void {
  const taken = new Map<string, string>();
  for (const name of [...READ_FLAGS, ...READ_WORDS]) {
    const shown = READ_FLAGS.includes(name) ? `what --${name} reads` : "what this command reads";
    for (const path of pathsOf(args[name])) if (isRead(name, path)) taken.set(placeOf(path), shown);
  }
  for (const name of WRITTEN) {
    for (const path of pathsOf(args[name])) {
      const place = placeOf(path);
      const other = taken.get(place);
      if (other !== undefined) throw new ConfigError(`--${name} ${path}: it is ${other}, choose another name`);
      taken.set(place, `what --${name} writes`);
    }
  }
}

/** The name of a profile that ships is no path, even where a folder is called so. */
function isRead(name: string, path: string): boolean {
  return existsSync(path) && (name !== "profile" || statSync(path).isFile());
}

function pathsOf(value: unknown): readonly string[] {
  return [value].flat().filter((path): path is string => typeof path === "string" && path !== "");
}

/** Where a path leads, links followed as far as there is something. */
function placeOf(path: string): string {
  return existsSync(path) ? realpathSync(path) : resolve(path);
}
