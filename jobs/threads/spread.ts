/** A list of tasks spread over lanes: each lane takes the next one when it is free; results come in the order of the tasks. */
import type { Lane } from "./lanes.js";
import { rejectedBy } from "./rejected-by.js";

export interface SpreadOptions<Task, Result> {
  /** Rejects with its reason; the lanes are the caller's to close. */
  readonly signal?: AbortSignal | undefined;
  onDone?(done: number): void;
  /** Asked after each task, with how many are left: lanes that go on in place of the one that did it; none: it goes on. */
  successors?(left: number): readonly Lane<Task, Result>[];
}

/** Rejects with the first error. */
export async function spread<Task, Result>(
  lanes: readonly Lane<Task, Result>[],
  tasks: readonly Task[],
  options: SpreadOptions<Task, Result> = {},
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
      const successors = options.successors?.(tasks.length - next) ?? [];
      if (successors.length > 0) {
        await Promise.all(successors.map(drive));
        return;
      }
    }
  };
  const all = Promise.all(lanes.map(drive));
  all.catch(() => undefined);
  const over = new AbortController();
  try {
    await Promise.race([all, rejectedBy(signal, over.signal)]);
  } finally {
    over.abort();
  }
  return results;
}
