/**
 * Keeps the process on as many CPUs as it has threads, so that the system does not move them about while it measures. On
 * Linux, through taskset; elsewhere, or where all CPUs are used anyway, nothing changes and the profile says so.
 */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";

export interface Pinning {
  /** CPUs that the process runs on, as the system lists them (`0-3,8`); absent where it does not say. */
  readonly cpus?: string;
  readonly isPinned: boolean;
  /** Gives back the CPUs there were before. */
  release(): Promise<void>;
}

/** What pinning needs of the system. */
export interface PinningSystem {
  /** CPUs that the process may use; undefined where the system does not say. */
  allowedCpus(): string | undefined;
  /** Moves every thread of the process; rejects where the system does not allow it. */
  setCpus(list: string): Promise<void>;
}

/** Pins the process; threads started later inherit it. Never throws: what is not allowed is not done. */
export async function pinProcess(threads: number, system: PinningSystem = linux): Promise<Pinning> {
  const allowed = system.allowedCpus();
  if (allowed === undefined) return { isPinned: false, release: () => Promise.resolve() };
  const unpinned: Pinning = { cpus: allowed, isPinned: false, release: () => Promise.resolve() };
  const cpus = expandCpuList(allowed);
  if (threads >= cpus.length) return unpinned;
  const wanted = cpus.slice(0, threads).join(",");
  try {
    await system.setCpus(wanted);
  } catch {
    return unpinned;
  }
  return { cpus: wanted, isPinned: true, release: () => system.setCpus(allowed).catch(() => undefined) };
}

/** `0-2,8` as 0, 1, 2, 8. */
export function expandCpuList(list: string): number[] {
  return list.split(",").flatMap((range) => {
    const [first = 0, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

const TASKSET_MS = 10_000;

const linux: PinningSystem = {
  allowedCpus: () => {
    try {
      return /^Cpus_allowed_list:\s+(\S+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
    } catch {
      return undefined;
    }
  },
  setCpus: async (list) => {
    await promisify(execFile)("taskset", ["--all-tasks", "--cpu-list", "--pid", list, String(process.pid)], {
      timeout: TASKSET_MS,
    });
  },
};
