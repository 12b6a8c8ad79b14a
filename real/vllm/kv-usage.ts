/**
 * The server's KV cache in use while a batch runs: its memory, as far as a client sees it. Read from /metrics at a
 * steady pace while the batch runs, since blocks are free again when its requests are done.
 */
import { BackendError } from "../../formats/index.js";
import { askServer, type AskOptions, shownUrl, type ServerRef } from "./access/index.js";
import { readingOf } from "./server/index.js";

const FIRST_MS = 20;
const EVERY_MS = 100;

/** Fraction of the KV cache in use now; BackendError where the server does not report it. */
export async function kvUsage(baseUrl: ServerRef, options: AskOptions = {}): Promise<number> {
  const { status, text } = await askServer(baseUrl, "/metrics", options);
  const fraction = status === 200 ? readingOf(text).kv_fraction : undefined;
  if (fraction !== undefined) return fraction;
  throw new BackendError(
    `${shownUrl(baseUrl)}/metrics ${status === 200 ? "has no vllm:kv_cache_usage_perc" : `answered with HTTP ${status}`}, which shows ` +
      "the memory that a batch takes; start the server with metrics enabled (without --disable-log-stats)",
  );
}

/** What was seen of a batch's memory: the most in use, and how many readings failed. */
export interface KvWatch {
  readonly most: number;
  readonly failed: number;
}

/**
 * Watches from now on; the function returned ends it. A batch that is over before the first reading is read once after
 * it. A reading that fails is counted: the requests of the batch are none the worse.
 */
export function watchKvUsage(baseUrl: ServerRef): () => Promise<KvWatch> {
  let most = 0;
  let taken = 0;
  let failed = 0;
  const read = async (): Promise<void> => {
    try {
      most = Math.max(most, await kvUsage(baseUrl));
      taken++;
    } catch {
      // Whatever the server said instead of its metrics, its answers to requests stand.
      failed++;
    }
  };
  let reading: Promise<void> | undefined;
  const readUnlessReading = (): void => {
    reading ??= read().finally(() => {
      reading = undefined;
    });
  };
  const first = setTimeout(readUnlessReading, FIRST_MS);
  const timer = setInterval(readUnlessReading, EVERY_MS);
  return async () => {
    clearTimeout(first);
    clearInterval(timer);
    if (taken === 0) await (reading ?? read());
    return { most, failed };
  };
}
