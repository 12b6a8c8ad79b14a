/** When a real run sends its requests, and how it waits until then. */
import type { RequestClient, SentRequest } from "../sim/index.js";
import type { Clock } from "./clock.js";

interface Waiting {
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

export interface Sending {
  /** The time on the client's scale. */
  readonly nowNs: () => number;
  readonly sendLagsNs: number[];
  /** What was due from here on waited for a busy thread, as it would have waited for the engine: it counts as sent when due. */
  readonly heldFromNs?: number;
}

/** Sends every request that is due, and keeps how late each was sent. */
export function sendDue(
  client: Pick<RequestClient, "nextDueNs" | "take">,
  { nowNs, sendLagsNs, heldFromNs = Infinity }: Sending,
  send: (request: SentRequest, sentNs: number) => void,
): void {
  for (;;) {
    const dueNs = client.nextDueNs;
    const takenNs = nowNs();
    const request = client.take(takenNs);
    if (request === undefined) return;
    const sentNs = dueNs >= heldFromNs ? dueNs : takenNs;
    sendLagsNs.push(sentNs - dueNs);
    send(request, sentNs);
  }
}

/**
 * Waits until `timeNs` on the clock, the signal, or the end of what runs, whichever is first: what ran, if that has
 * ended. While something runs nothing can be decided, and waiting finely would take a core from it.
 */
export async function untilDue<T>(
  timeNs: number,
  { clock, signal }: Waiting,
  running: Promise<T> | undefined,
): Promise<T | undefined> {
  const timer = new AbortController();
  const stop = (): void => {
    timer.abort();
  };
  signal?.addEventListener("abort", stop);
  const precision = running === undefined ? "fine" : "coarse";
  const moment = clock.until(timeNs, timer.signal, precision).then(() => undefined);
  try {
    return await Promise.race(running === undefined ? [moment] : [running, moment]);
  } finally {
    timer.abort();
    signal?.removeEventListener("abort", stop);
  }
}
