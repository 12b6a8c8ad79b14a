/**
 * Waits until nothing else is at work on the machine, so that what is measured is measured alone. Quiet is three
 * seconds in a row in which other processes used less than a quarter of a core.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { otherCores, readLoad, WORTH_TELLING_CORES } from "../../machine/index.js";
import type { Reporter } from "./reporter.js";

/** How a validation keeps others' work out of its measurements. */
export interface QuietOptions {
  /** Longest wait before each measurement, s; 0: none. */
  readonly waitS: number;
  /** A real run that was disturbed is repeated, so many times in all. */
  readonly attempts: number;
}

export interface WaitInput {
  readonly waitS: number;
  readonly signal: AbortSignal;
  readonly reporter: Pick<Reporter, "note" | "warn">;
  /** Cores that others used over the next second. */
  readonly sampleCores?: (signal: AbortSignal) => Promise<number>;
}

const QUIET_SAMPLES = 3;

/** True when it is quiet; false, with a warning, when the wait was not long enough. Rejects when the signal aborts. */
export async function waitUntilQuiet({
  waitS,
  signal,
  reporter,
  sampleCores = coresOfASecond,
}: WaitInput): Promise<boolean> {
  let quiet = 0;
  for (let waited = 0; waited < waitS; waited++) {
    const cores = await sampleCores(signal);
    quiet = cores < WORTH_TELLING_CORES ? quiet + 1 : 0;
    if (quiet >= QUIET_SAMPLES) return true;
    if (waited === QUIET_SAMPLES)
      reporter.note(`other processes use ${cores.toFixed(1)} cores; waiting until they do not`);
  }
  if (waitS > 0) reporter.warn(`after ${waitS} s other processes are still at work; going on anyway`);
  return false;
}

async function coresOfASecond(signal: AbortSignal): Promise<number> {
  const before = readLoad();
  await sleep(1000, undefined, { signal });
  return otherCores(before, readLoad());
}
