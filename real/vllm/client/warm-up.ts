/** Requests before a run, one after another: they warm the server up, and show that it takes such requests at all. */
import { BackendError, type Workload } from "../../../formats/index.js";
import { RunInterrupted } from "../../drive.js";
import { openPool } from "./connection.js";
import { randomWords, requestBody } from "./request-body.js";
import type { LoadSettings } from "./run-load.js";
import { makeSending } from "./send-request.js";
import { addressOf } from "../access/index.js";

export interface WarmUpOptions {
  readonly count: number;
  /** Aborts the request under way; sendWarmUps then throws RunInterrupted. */
  readonly signal: AbortSignal;
}

/** Requests as long as the workload's first ones, of other tokens: the run finds no prompt of theirs in a cache. */
export async function sendWarmUps(
  settings: LoadSettings,
  workload: Workload,
  { count, signal }: WarmUpOptions,
): Promise<void> {
  const { baseUrl, body, limits } = settings;
  const address = addressOf(baseUrl);
  const pool = openPool(address, limits);
  try {
    for (let at = 0; at < count; at++) {
      RunInterrupted.throwBeforeStart(signal);
      const { requests } = workload;
      const { promptTokens, outputTokens, prompt } = requests[at % requests.length]!;
      const tokens = { id: `warm-up ${at}`, promptTokens, outputTokens };
      const request = prompt === undefined ? tokens : { ...tokens, prompt: randomWords(tokens, body.seed) };
      const keeps = { keepsText: false, keepsTokenIds: workload.sessions !== undefined };
      const sending = makeSending({ address, endpoint: body.endpoint, asked: tokens, ...limits, ...keeps });
      const stop = (): void => {
        sending.abort({ kind: "aborted", message: "stopped" });
      };
      signal.addEventListener("abort", stop);
      sending.send(pool, requestBody(request, body));
      const { failure } = await sending.done;
      signal.removeEventListener("abort", stop);
      RunInterrupted.throwBeforeStart(signal);
      if (failure === undefined) continue;
      throw new BackendError(
        `the server at ${address.url} did not answer warm-up request ${at + 1} of ${count} (${promptTokens} prompt tokens, ` +
          `${outputTokens} output tokens): ${failure.message}${hint(failure.message, body.vocab)}`,
      );
    }
  } finally {
    await pool.destroy();
  }
}

/** What to do about prompts that the model has no words for. */
function hint(message: string, vocab: number): string {
  if (!/vocab/i.test(message)) return "";
  return `; random token ids are drawn below ${vocab}, give the model's own vocabulary with --vocab-size`;
}
