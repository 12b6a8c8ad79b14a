/** A list of tasks spread over lanes: each lane takes the next one when it is free; results come in the order of the tasks. */
import type { Lane } from "./lanes.js";

export interface SpreadOptions<Task, Result> {
  /** Rejects with its reason; the caller closes the lanes. */
  readonly signal?: AbortSignal | undefined;
  readonly onDone?: (done: number) => void;
  /** Called after each task with how many are left; lanes that it returns replace the one that did the task. */
  readonly successors?: (left: number) => readonly Lane<Task, Result>[];
}

/** Rejects with the first error. */
export async function spread<Task, Result>(
  lanes: readonly Lane<Task, Result>[],
  tasks: readonly Task[],
  { signal, onDone, successors }: SpreadOptions<Task, Result> = {},
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  let done = 0;
  const drive = async (lane: Lane<Task, Result>): Promise<void> => {
    while (next < tasks.length) {
      signal?.throwIfAborted();
      const at = next++;
      results[at] = await lane.run(tasks[at]!);
      onDone?.(++done);
      const others = successors?.(tasks.length - next) ?? [];
      if (others.length > 0) {
        await Promise.all(others.map(drive));
        return;
      }
    }
  };
  await unlessAborted(Promise.all(lanes.map(drive)), signal);
  return results;
}

/** What `work` resolves to; rejects with the signal's reason when it aborts. The work itself goes on. */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  const over = new AbortController();
  try {
    return await Promise.race([work, rejectedBy(signal, over.signal)]);
  } finally {
    over.abort();
  }
}

/** A promise that rejects with the signal's reason when it aborts, until `unheard` ends the listening. */
export function rejectedBy(signal: AbortSignal | undefined, unheard: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = (): void => {
      reject(signal!.reason as Error);
    };
    if (signal?.aborted === true) fail();
    signal?.addEventListener("abort", fail, { signal: unheard });
  });
}
