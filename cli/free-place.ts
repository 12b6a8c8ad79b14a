/** Files that a command writes: an existing file is replaced only with --force. */
import { existsSync } from "node:fs";
import { ConfigError } from "../formats/index.js";

/**
 * ConfigError for the first that exists; to be called before the work starts. `flag`: what named them, such as
 * "--output".
 */
export function requireFree(paths: readonly string[], flag: string, force: boolean): void {
  const taken = force ? undefined : paths.find((path) => existsSync(path));
  if (taken === undefined) return;
  throw new ConfigError(`${taken} exists already; choose another ${flag}, or pass --force to replace it`);
}
