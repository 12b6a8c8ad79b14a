/** How much a process grows, from readings of its resident memory. Linux. */
import { readFileSync } from "node:fs";

export interface MemoryReading {
  readonly atS: number;
  readonly bytes: number;
}

/** Resident bytes of a process; undefined once it has ended. */
export function residentBytes(pid: number): number | undefined {
  try {
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return kib === undefined ? undefined : Number(kib) * 1024;
  } catch {
    return undefined;
  }
}

/** Median of the last readings less that of the readings just after `settledS`: a collection of garbage moves single ones. */
export function growthBytes(readings: readonly MemoryReading[], settledS: number): number {
  const settled = readings.filter(({ atS }) => atS >= settledS);
  const part = Math.max(1, Math.min(15, Math.floor(settled.length / 3)));
  return median(settled.slice(-part)) - median(settled.slice(0, part));
}

/** The highest reading less the median of those just after `settledS`. */
export function peakGrowthBytes(readings: readonly MemoryReading[], settledS: number): number {
  const settled = readings.filter(({ atS }) => atS >= settledS);
  const part = Math.max(1, Math.min(15, Math.floor(settled.length / 3)));
  return settled.reduce((most, { bytes }) => Math.max(most, bytes), 0) - median(settled.slice(0, part));
}

function median(readings: readonly MemoryReading[]): number {
  const sorted = readings.map(({ bytes }) => bytes).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
