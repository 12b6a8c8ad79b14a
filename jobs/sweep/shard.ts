/** Which part of a sweep's cells a process simulates: every nth, so that long and short cells are mixed. */
import { ConfigError } from "../../formats/index.js";

export interface Shard {
  /** From 0. */
  readonly index: number;
  readonly count: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * `3/8` is the third of eight. `auto/8`: the one that this process is in a Slurm array or an indexed Kubernetes Job; `auto` alone asks
 * Slurm for their number, too.
 */
export function parseShard(text: string, environment: Environment): Shard {
  const [, which, of] = /^(auto|\d+)(?:\/(\d+))?$/.exec(text) ?? [];
  const wrong = (why: string): ConfigError =>
    new ConfigError(`--shard: got "${text}", ${why}; expected I/N with 1 <= I <= N, auto/N or auto`);
  if (which === undefined) throw wrong("which is no shard");
  const count = of === undefined ? slurmCount(environment) : Number(of);
  if (count === undefined) throw wrong("without the number of shards");
  const index = which === "auto" ? indexFrom(environment) : Number(which) - 1;
  if (index === undefined) throw wrong("but neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX is set");
  if (!(count >= 1 && count <= 1e6 && index >= 0 && index < count)) throw wrong(`shard ${index + 1} of ${count}`);
  return { index, count };
}

function slurmCount(environment: Environment): number | undefined {
  return numberIn(environment, "SLURM_ARRAY_TASK_COUNT");
}

function indexFrom(environment: Environment): number | undefined {
  const task = numberIn(environment, "SLURM_ARRAY_TASK_ID");
  if (task !== undefined) return task - (numberIn(environment, "SLURM_ARRAY_TASK_MIN") ?? 0);
  return numberIn(environment, "JOB_COMPLETION_INDEX");
}

function numberIn(environment: Environment, name: string): number | undefined {
  const text = environment[name];
  return text !== undefined && /^\d{1,7}$/.test(text) ? Number(text) : undefined;
}

export function cellsOfShard<T>(cells: readonly T[], { index, count }: Shard): T[] {
  return cells.filter((_, at) => at % count === index);
}
