/** When a real run sends its requests, and how it waits until then. */
import type { Client, SentRequest } from "../sim/index.js";
import type { Clock } from "./clock.js";

interface Waiting {
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

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

/**
 * `untilDue` for work that ends every few milliseconds: a timer is set once for each moment, however often it is
 * awaited.
 */
export class Alarm {
  private timeNs = NaN;
  private moment: Promise<undefined> = Promise.resolve(undefined);
  private timer = new AbortController();
  private readonly onStop = (): void => {
    this.timer.abort();
  };

  constructor(private readonly input: Waiting) {
    input.signal?.addEventListener("abort", this.onStop);
  }

  /**
   * Resolves at the end of `running` with its value, at `timeNs` (a millisecond or two late) or on the signal,
   * whichever is first.
   */
  race<T>(timeNs: number, running: Promise<T>): Promise<T | undefined> {
    if (timeNs !== this.timeNs) {
      this.timer.abort();
      this.timer = new AbortController();
      if (this.input.signal?.aborted === true) this.timer.abort();
      this.timeNs = timeNs;
      this.moment = this.input.clock.until(timeNs, this.timer.signal, "coarse").then(() => undefined);
    }
    return Promise.race([running, this.moment]);
  }

  /** Its timer must not keep the process. */
  stop(): void {
    this.timer.abort();
    this.input.signal?.removeEventListener("abort", this.onStop);
  }
}
