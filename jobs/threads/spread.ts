/** A list of tasks spread over lanes: each lane takes the next one when it is free; results come in the order of the tasks. */
import type { Lane } from "./lanes.js";

export interface SpreadOptions {
  /** Rejects with its reason; the lanes are the caller's to close. */
  readonly signal?: AbortSignal | undefined;
  onDone?(done: number): void;
}

/** Rejects with the first error. */
export async function spread<Task, Result>(
  lanes: readonly Lane<Task, Result>[],
  tasks: readonly Task[],
  options: SpreadOptions = {},
): Promise<Result[]> {
  const { signal } = options;
  const results: Result[] = [];
  let next = 0;
  let done = 0;
  const drive = async (lane: Lane<Task, Result>): Promise<void> => {
    while (next < tasks.length) {
      signal?.throwIfAborted();
      const at = next++;
      results[at] = await lane.run(tasks[at]!);
      options.onDone?.(++done);
    }
  };
  const all = Promise.all(lanes.map(drive));
  all.catch(() => undefined);
  await (signal === undefined ? all : Promise.race([all, aborted(signal)]));
  return results;
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = (): void => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) fail();
    signal.addEventListener("abort", fail, { once: true });
  });
}
