/**
 * Requests about the server itself, outside of a load: models, version, settings, metrics, a short completion. Each has one
 * deadline over all of it, follows the signal, takes so many bytes and no more, and follows no redirect.
 */
import { Pool, type Dispatcher } from "undici";
import { BackendError, plainLine, defined } from "../../../formats/index.js";
import { RunInterrupted } from "../../drive.js";
import { errorText, failureOf, redirectText } from "./failure.js";
import { addressOf, pathOf, tlsOf, withoutSecrets, type ServerAddress, type ServerRef } from "./server-address.js";

export interface AskOptions {
  /** Ends the request: RunInterrupted, with nothing finished. */
  readonly signal?: AbortSignal | undefined;
  /** Deadline of the whole request, ms; absent: the address's. */
  readonly withinMs?: number | undefined;
  /** JSON to POST; absent: GET. */
  readonly post?: string | undefined;
}

export interface ServerText {
  readonly status: number;
  readonly text: string;
}

/** Most of an answer that is read, bytes: the metrics of a vLLM with many engines and adapters are far below it. */
const MAX_ANSWER_BYTES = 8 * 2 ** 20;

/** A connection for several requests, one at a time. */
export interface Asking {
  ask(path: string, options?: AskOptions): Promise<ServerText>;
  close(): Promise<void>;
}

/** The text at a path of the server, with its status; BackendError where nothing answers, or with a redirect. */
export async function askServer(server: ServerRef, path: string, options: AskOptions = {}): Promise<ServerText> {
  const asking = openAsking(server);
  try {
    return await asking.ask(path, options);
  } finally {
    await asking.close();
  }
}

/** The JSON at a path of the server; BackendError where it is not there or no JSON. */
export async function askJson(server: ServerRef, path: string, options: AskOptions = {}): Promise<unknown> {
  const { status, text } = await askServer(server, path, options);
  const where = `${addressOf(server).url}${path}`;
  if (status !== 200) {
    throw new BackendError(
      `${where} answered with HTTP ${status} (${errorText(text)})${accessHint(status)}, expected an OpenAI-style server`,
    );
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new BackendError(`${where} answered with "${plainLine(text, 60)}", expected JSON`, { cause });
  }
}

/** Opens the connection; it stays open between requests. */
export function openAsking(server: ServerRef): Asking {
  const address = addressOf(server);
  const pool = new Pool(address.origin, {
    connections: 1,
    connect: { timeout: address.askMs, ...tlsOf(address) },
    // The deadline below is over all of a request; these would begin anew with every byte.
    headersTimeout: 0,
    bodyTimeout: 0,
    maxResponseSize: MAX_ANSWER_BYTES,
  });
  return {
    ask: (path, options = {}) => askOn(pool, address, path, options),
    close: () => pool.destroy(),
  };
}

async function askOn(pool: Pool, address: ServerAddress, path: string, options: AskOptions): Promise<ServerText> {
  const { signal, withinMs = address.askMs, post } = options;
  const where = `${address.url}${path.replace(/\?.*$/, "")}`;
  const giveUp = new AbortController();
  const so = { isLate: false, hasAnswered: false };
  const stop = (): void => {
    giveUp.abort();
  };
  const deadline = setTimeout(() => {
    so.isLate = true;
    stop();
  }, withinMs);
  signal?.addEventListener("abort", stop);
  try {
    if (signal?.aborted === true) stop();
    const { statusCode, headers, body } = await pool.request({
      method: post === undefined ? "GET" : "POST",
      path: pathOf(address, path),
      headers: { ...(post === undefined ? {} : { "content-type": "application/json" }), ...address.headers },
      ...defined({ body: post }),
      signal: giveUp.signal,
    });
    so.hasAnswered = true;
    rejectUnasked(where, statusCode, headers);
    return { status: statusCode, text: withoutSecrets(await body.text(), address) };
  } catch (cause) {
    if (cause instanceof BackendError) throw cause;
    if (signal?.aborted === true) throw stoppedBefore();
    const error = cause instanceof Error ? cause : new Error(String(cause));
    const why = so.isLate
      ? `no whole answer within ${withinMs / 1e3} s`
      : failureOf(error, { wasSent: false, chunks: 0, stallMs: withinMs }).message;
    const said = withoutSecrets(why, address);
    throw new BackendError(
      so.hasAnswered
        ? `${where} gave no whole answer: ${said}, expected at most ${MAX_ANSWER_BYTES / 2 ** 20} MiB; see the server's log`
        : `no server answers at ${where}: ${said}; start vLLM there (vllm serve MODEL --port PORT), or give the URL of a ` +
            "running server",
      { cause },
    );
  } finally {
    clearTimeout(deadline);
    signal?.removeEventListener("abort", stop);
  }
}

/** A redirect is followed to no other place, and nothing is unpacked that was not asked for packed. */
function rejectUnasked(where: string, status: number, headers: Dispatcher.ResponseData["headers"]): void {
  if (status >= 300 && status < 400) {
    throw new BackendError(`${where} answered with HTTP ${status}, ${redirectText(headers.location, where)}`);
  }
  const coding = headers["content-encoding"];
  if (coding === undefined || coding === "identity") return;
  throw new BackendError(
    `${where} answered with content-encoding "${plainLine(String(coding), 40)}", expected none, because none was requested`,
  );
}

/** Where a key is wanted, and how to give it. */
export function accessHint(status: number): string {
  if (status !== 401 && status !== 403) return "";
  return "; give the server's key in SERVESIM_API_KEY or OPENAI_API_KEY, or a header with --header NAME:VALUE";
}

function stoppedBefore(): RunInterrupted {
  const nothing = { requests: [], batches: [], originNs: 0, sendLagsNs: [] };
  return new RunInterrupted(
    "stopped while asking the server for its models and settings, before any request of the run",
    nothing,
  );
}
