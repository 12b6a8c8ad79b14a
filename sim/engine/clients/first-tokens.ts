/** The times to first token that a server's histogram gains between two looks. */
import { nearestRank } from "../../kernel/index.js";
import type { StepLog } from "../log/index.js";

export class FirstTokens {
  private waiting: number[] = [];

  constructor(private readonly log: Pick<StepLog, "arrivalNs" | "firstTokenNs" | "abortions">) {}

  /** A request is on its way to a server. */
  sent(index: number): void {
    this.waiting.push(index);
  }

  /** P90 of those since the last look, ms; undefined of none. */
  p90Ms(nowNs: number): number | undefined {
    const { arrivalNs, firstTokenNs, abortions } = this.log;
    const had: number[] = [];
    const still: number[] = [];
    for (const index of this.waiting) {
      const firstNs = firstTokenNs[index]!;
      if (firstNs <= nowNs) had.push((firstNs - arrivalNs[index]!) / 1e6);
      else if (!abortions.has(index)) still.push(index);
    }
    this.waiting = still;
    return nearestRank(Float64Array.from(had).sort(), 0.9);
  }
}
