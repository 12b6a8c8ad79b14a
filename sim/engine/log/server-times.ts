/**
 * What an engine knows of its requests, as vLLM's own per-request times do: queue from when it took a request to its
 * first schedule, prefill to its first token, decode to its last. The front end's time, in and out, is in none of them.
 */
export type TimeColumns = Pick<ServerTimes, "takenNs" | "firstNs" | "lastNs">;

export class ServerTimes {
  readonly takenNs: Float64Array;
  readonly firstNs: Float64Array;
  readonly lastNs: Float64Array;

  constructor(rows: number) {
    this.takenNs = new Float64Array(rows);
    this.firstNs = new Float64Array(rows).fill(NaN);
    this.lastNs = new Float64Array(rows);
  }

  taken(row: number, atNs: number): void {
    this.takenNs[row] = atNs;
  }

  token(row: number, atNs: number): void {
    if (Number.isNaN(this.firstNs[row]!)) this.firstNs[row] = atNs;
    this.lastNs[row] = atNs;
  }

  /** Columns as a recorded run has them, ms; empty for a request without a token. */
  columns(row: number, scheduledNs: number): Readonly<Record<string, string>> {
    const [firstNs, lastNs] = [this.firstNs[row]!, this.lastNs[row]!];
    const text = (ns: number): string => (Number.isNaN(ns) ? "" : (ns / 1e6).toFixed(3));
    return {
      server_queue_ms: text(scheduledNs - this.takenNs[row]!),
      server_prefill_ms: text(firstNs - scheduledNs),
      server_decode_ms: text(Number.isNaN(firstNs) ? NaN : lastNs - firstNs),
    };
  }
}
