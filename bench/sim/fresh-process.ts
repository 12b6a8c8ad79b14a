/** Runs a case, or an axis, in a process of its own, so that none profits or suffers from the one before. */
import { spawnSync } from "node:child_process";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { BackendError, ConfigError } from "../../formats/index.js";
import type { CaseRequest, DetailedFigures } from "./run-case.js";

const MAIN = fileURLToPath(new URL(`./main${extname(import.meta.url)}`, import.meta.url));

/** The case's figures; ConfigError or BackendError with what the process said when it failed. */
export function runInFreshProcess({ name, engine, mode, profilePath, requests, cold }: CaseRequest): DetailedFigures {
  const options = ["--case", name, "--engine", engine, "--mode", mode, "--json", "--details"];
  if (profilePath !== undefined) options.push("--profile", profilePath);
  if (cold) options.push("--cold");
  if (requests !== undefined) options.push("--requests", String(requests));
  return jsonOfFreshProcess(MAIN, options, `case ${name} on the ${engine} engine`) as DetailedFigures;
}

/** What a script prints as JSON in a process of its own; ConfigError or BackendError with what it said when it failed. */
export function jsonOfFreshProcess(script: string, options: readonly string[], what: string): unknown {
  // The loader that runs TypeScript is among this process's own options.
  const child = spawnSync(process.execPath, [...process.execArgv, script, ...options], { encoding: "utf8" });
  // Exit code 2: a file or option is wrong, and the process has said in a line which.
  if (child.status === 2) throw new ConfigError(child.stderr.trim().replace(/^error: /, ""));
  if (child.status !== 0) {
    const how = child.status === null ? `ended by ${String(child.signal)}` : `exit code ${child.status}`;
    throw new BackendError(`${what}: ${how}\n${child.stderr}`.trimEnd());
  }
  return JSON.parse(child.stdout);
}
