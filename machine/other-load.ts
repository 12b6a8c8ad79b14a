/** How many cores other processes kept busy while this one measured: what most often spoils a measurement. */
import { cpus } from "node:os";
import { cpuUsage, hrtime } from "node:process";

/** CPU time used so far, in ns: of the whole machine, of this process; and when that was. */
export interface LoadSnapshot {
  readonly atNs: number;
  readonly machineNs: number;
  readonly ownNs: number;
}

/** More than this many cores' worth of others' work is worth a warning. */
export const WORTH_TELLING_CORES = 0.25;

/** Reads the counters of the system. */
export function readLoad(): LoadSnapshot {
  const own = cpuUsage();
  const busyMs = cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
  return { atNs: Number(hrtime.bigint()), machineNs: busyMs * 1e6, ownNs: (own.user + own.system) * 1e3 };
}

/** Cores that other processes used on average between two snapshots, never negative; 0 when no time lies between them. */
export function otherCores(from: LoadSnapshot, to: LoadSnapshot): number {
  const others = to.machineNs - from.machineNs - (to.ownNs - from.ownNs);
  return to.atNs > from.atNs ? Math.max(0, others / (to.atNs - from.atNs)) : 0;
}
