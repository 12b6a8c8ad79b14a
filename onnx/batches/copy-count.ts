/**
 * What passing keys and values out of the runtime and back costs, summed over batches: a user's export keeps no cache
 * inside, so every step copies it. Models that servesim writes copy nothing here.
 */
import type { BatchRun } from "./batch.js";

export class CopyCount {
  private bytes = 0;
  private costNs = 0;
  private totalNs = 0;

  add({ cacheCopies, startNs, endNs }: Pick<BatchRun, "cacheCopies" | "startNs" | "endNs">): void {
    this.totalNs += endNs - startNs;
    this.bytes += cacheCopies?.bytes ?? 0;
    this.costNs += cacheCopies?.costNs ?? 0;
  }

  /** A sentence for the reader of the times; nothing where nothing was copied. */
  describe(): string[] {
    if (this.bytes === 0) return [];
    return [
      `keys and values left the runtime and came back at every step: ${(this.bytes / 2 ** 20).toFixed(0)} MiB copied, about ` +
        `${((100 * this.costNs) / this.totalNs).toFixed(0)} % of the time of the batches; a preset keeps them inside`,
    ];
  }
}
