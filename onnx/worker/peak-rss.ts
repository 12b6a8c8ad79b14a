/**
 * Peak resident memory of this process over a stretch of time: on Linux, writing 5 to clear_refs sets the high-water mark
 * back to what is resident now (man 5 proc_pid_clear_refs), and VmHWM reads it.
 */
import { readFileSync, writeFileSync } from "node:fs";

/** Starts a new high-water mark; false where the system has none (other systems, some containers). */
export function resetPeakRss(): boolean {
  try {
    writeFileSync("/proc/self/clear_refs", "5");
    return true;
  } catch {
    return false;
  }
}

/** Bytes at the high-water mark since `resetPeakRss` returned true, or what is resident now. */
export function readPeakRssBytes(isReset: boolean): number {
  if (isReset) {
    const kib = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
    if (kib !== undefined) return Number(kib) * 1024;
  }
  return process.memoryUsage.rss();
}
