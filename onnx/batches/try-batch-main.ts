/** The process of try-batch.ts: runs the batch that its argument describes and prints one line of JSON. */
import { writeFileSync, writeSync } from "node:fs";
import { startOnnxExecutor } from "./executor.js";
import type { TriedBatch, TryReply } from "./try-batch.js";

/** If the system runs out of memory, it kills this process before any other. Linux only. */
function goFirst(): void {
  try {
    writeFileSync("/proc/self/oom_score_adj", "1000");
  } catch {
    // Other systems have no such setting.
  }
}

const LOOK_EVERY_MS = 5;

function answer(reply: TryReply): void {
  writeSync(process.stdout.fd, `${JSON.stringify(reply)}\n`);
}

/** Beyond the limit the process ends at once, with that as its answer. */
function endBeyond(limitBytes: number): void {
  setInterval(() => {
    if (process.memoryUsage.rss() <= limitBytes) return;
    answer({ outOfMemory: beyond(limitBytes) });
    process.exit();
  }, LOOK_EVERY_MS).unref();
}

function beyond(limitBytes: number): string {
  return `it took more than the ${Math.floor(limitBytes / 2 ** 20)} MiB that it may`;
}

async function run(batch: TriedBatch): Promise<TryReply> {
  const { model, device, threads, rows, promptTokens, outputTokens, limitBytes = Infinity } = batch;
  try {
    const executor = await startOnnxExecutor({ model, device, threads });
    try {
      const promptIds = Array.from({ length: rows }, (_, row) => new Array<number>(promptTokens).fill(row % 500));
      const { peakRssBytes } = await executor.runBatch({ promptIds, outputTokens });
      return peakRssBytes <= limitBytes ? { peakBytes: peakRssBytes } : { outOfMemory: beyond(limitBytes) };
    } finally {
      await executor.close();
    }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return /out of memory|allocation failed/i.test(message) ? { outOfMemory: message } : { otherError: message };
  }
}

const batch = JSON.parse(process.argv[2]!) as TriedBatch;
goFirst();
if (batch.limitBytes !== undefined) endBeyond(batch.limitBytes);
void run(batch).then(answer);
