import { readFileSync } from "node:fs";

/** High-water mark of this process since it was started, MiB; elsewhere than on Linux a parent's may count too. */
export function peakRssMib(): number {
  try {
    const kib = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
    if (kib !== undefined) return Number(kib) / 1024;
  } catch {
    // No /proc: the system's own account below.
  }
  return process.resourceUsage().maxRSS / 1024;
}
