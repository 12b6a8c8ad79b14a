/** Lines added to a file of raw measurements one by one, so that each survives whatever comes. */
import { appendFileSync, existsSync } from "node:fs";
import { ConfigError } from "../../formats/index.js";
import { readText, writeTextAtomic } from "../../formats/files/index.js";

/** ConfigError when the disk takes no more. */
export function appendLine(rawPath: string, fields: readonly (string | number)[]): void {
  try {
    appendFileSync(rawPath, `${fields.join(",")}\n`);
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code === "ENOSPC" ? "the disk is full" : (cause as Error).message;
    throw new ConfigError(
      `cannot add a measurement to ${rawPath}: ${why}; earlier measurements are kept; make room and continue with --resume`,
      { cause },
    );
  }
}

/** Takes a last line that was cut short off the file. True when whole lines are left, the header among them. */
export function dropCutLine(rawPath: string): boolean {
  const text = existsSync(rawPath) ? readText(rawPath) : "";
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  if (whole !== "" && whole !== text) writeTextAtomic(rawPath, whole);
  return whole !== "";
}
