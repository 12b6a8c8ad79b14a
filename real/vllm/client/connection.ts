/** Connections that a load is sent on: a pool with explicit limits, none of which is left to a default. */
import { Pool } from "undici";
import { tlsOf, type ServerAddress } from "../access/index.js";

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

/** One request at a time per connection, connections as many as requests are outstanding, no retries, no redirects. */
export function openPool(address: ServerAddress, limits: ConnectionLimits): Pool {
  return new Pool(address.origin, {
    connections: limits.connections,
    pipelining: 1,
    connect: { timeout: limits.connectMs, noDelay: true, ...tlsOf(address) },
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
    headersTimeout: limits.stallMs,
    bodyTimeout: limits.stallMs,
    // The length of an answer is limited by what was asked for (answer-limits.ts).
    maxResponseSize: -1,
  });
}
