/** Connections to a server: its address, a pool with explicit limits, and small requests outside of a run. */
import { Pool } from "undici";
import { BackendError, ConfigError } from "../../formats/index.js";
import { errorText, failureOf } from "./failure.js";

/** Limits of connections and waiting. Milliseconds; at most so many connections at once. */
export interface ConnectionLimits {
  readonly connections: number;
  readonly connectMs: number;
  /** Longest time without a byte, from sending on. */
  readonly stallMs: number;
  /** Longest time from sending to the end of the answer. */
  readonly requestMs: number;
}

export const defaultLimits: ConnectionLimits = {
  connections: 4096,
  connectMs: 10_000,
  stallMs: 300_000,
  requestMs: 6 * 3600 * 1000,
};

/**
 * vLLM's server closes a connection after 5 s without a request; ours are given up before, and outlive the pauses between
 * probes, so that no probe pays for a connection that another has opened.
 */
const KEEP_ALIVE_MS = 4_500;

/** Where a server is: the origin, and the path before its own (mostly empty). */
export interface ServerAddress {
  readonly origin: string;
  readonly prefix: string;
}

/** The address in a URL such as http://127.0.0.1:8000; a "/v1" at its end is left out. */
export function addressOf(baseUrl: string): ServerAddress {
  const refuse = (cause?: unknown): never => {
    throw new ConfigError(`base URL is "${baseUrl}", expected one such as http://127.0.0.1:8000`, { cause });
  };
  let url: URL;
  try {
    url = new URL(baseUrl);
  } catch (cause) {
    return refuse(cause);
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") return refuse();
  return { origin: url.origin, prefix: url.pathname.replace(/\/+$/, "").replace(/\/v1$/, "") };
}

/** One request at a time per connection, connections as many as requests are outstanding, no retries. */
export function openPool(address: ServerAddress, limits: ConnectionLimits): Pool {
  return new Pool(address.origin, {
    connections: limits.connections,
    pipelining: 1,
    connect: { timeout: limits.connectMs, noDelay: true },
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
    headersTimeout: limits.stallMs,
    bodyTimeout: limits.stallMs,
    maxResponseSize: -1,
  });
}

/** Longest wait for an answer about the server itself. */
const ASK_MS = 10_000;

/** The text at a path of the server, with its status; BackendError where nobody answers. */
export async function askServer(baseUrl: string, path: string): Promise<{ status: number; text: string }> {
  const { origin, prefix } = addressOf(baseUrl);
  const pool = new Pool(origin, { connect: { timeout: ASK_MS }, headersTimeout: ASK_MS, bodyTimeout: ASK_MS });
  try {
    const { statusCode, body } = await pool.request({ method: "GET", path: `${prefix}${path}` });
    return { status: statusCode, text: await body.text() };
  } catch (cause) {
    const error = cause instanceof Error ? cause : new Error(String(cause));
    const { message } = failureOf(error, { wasSent: false, chunks: 0, stallMs: ASK_MS });
    throw new BackendError(
      `no server answers at ${baseUrl}${path}: ${message}; start vLLM there (vllm serve MODEL --port PORT), or give ` +
        "the URL of a running server",
      { cause },
    );
  } finally {
    await pool.destroy();
  }
}

/** The JSON at a path of the server; BackendError where it is not there or no JSON. */
export async function askJson(baseUrl: string, path: string): Promise<unknown> {
  const { status, text } = await askServer(baseUrl, path);
  const where = `${baseUrl}${path}`;
  if (status !== 200) {
    throw new BackendError(
      `${where} answered with HTTP ${status} (${errorText(text)}), expected an OpenAI-style server`,
    );
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new BackendError(`${where} answered with "${text.slice(0, 60)}", expected JSON`, { cause });
  }
}
