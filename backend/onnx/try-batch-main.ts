/** The process of try-batch.ts: runs the batch that its argument describes and prints one line of JSON. */
import { writeFileSync } from "node:fs";
import { startOnnxExecutor } from "./executor.js";
import type { TriedBatch, TryReply } from "./try-batch.js";

/** Should the system run out of memory, this process is ended before any other. Linux only. */
function goFirst(): void {
  try {
    writeFileSync("/proc/self/oom_score_adj", "1000");
  } catch {
    // Elsewhere there is no such thing to set.
  }
}

async function run(batch: TriedBatch): Promise<TryReply> {
  const { model, device, threads, rows, promptTokens, outputTokens } = batch;
  try {
    const executor = await startOnnxExecutor({ model, device, threads });
    try {
      const promptIds = Array.from({ length: rows }, (_, row) => new Array<number>(promptTokens).fill(row % 500));
      const { peakRssBytes } = await executor.runBatch({ promptIds, outputTokens });
      return { peakBytes: peakRssBytes };
    } finally {
      await executor.close();
    }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return /out of memory|allocation failed/i.test(message) ? { outOfMemory: message } : { otherError: message };
  }
}

goFirst();
const reply = await run(JSON.parse(process.argv[2]!) as TriedBatch);
process.stdout.write(`${JSON.stringify(reply)}\n`);
