/** When a real run sends its requests, and how it waits until then. */
import type { Client, SentRequest } from "../sim/index.js";
import type { Clock } from "./clock.js";

/** Sends every request that is due, and keeps how late each was sent. `nowNs`: the time on the client's scale. */
export function sendDue(
  client: Client,
  { nowNs, sendLagsNs }: { readonly nowNs: () => number; readonly sendLagsNs: number[] },
  send: (request: SentRequest, sentNs: number) => void,
): void {
  for (;;) {
    const dueNs = client.nextDueNs;
    const sentNs = nowNs();
    const request = client.take(sentNs);
    if (request === undefined) return;
    sendLagsNs.push(sentNs - dueNs);
    send(request, sentNs);
  }
}

/**
 * Waits until `timeNs` on the clock, the signal, or the end of what runs, whichever is first: what ran, if that has ended.
 * While something runs nothing can be decided, and waiting finely would take a core from it.
 */
export async function untilDue<T>(
  timeNs: number,
  { clock, signal }: { readonly clock: Clock; readonly signal?: AbortSignal | undefined },
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
