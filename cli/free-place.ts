/** Files that a command writes: what is there already is somebody's, and is replaced only where --force says so. */
import { existsSync } from "node:fs";
import { ConfigError } from "../formats/index.js";

/** ConfigError for the first that is there; to be asked before the work. `flag`: what named them, such as "--output". */
export function requireFree(paths: readonly string[], flag: string, force: boolean): void {
  const taken = force ? undefined : paths.find((path) => existsSync(path));
  if (taken === undefined) return;
  throw new ConfigError(`${taken} is there already; choose another ${flag}, or pass --force to replace it`);
}
