/**
 * What the way to a server and back takes, apart from the server: the time of a TCP connect is one round trip, answered
 * by the other side's kernel and not by the server. Behind a proxy it is the way to the proxy. Names are looked up
 * before.
 */
import { lookup } from "node:dns/promises";
import { connect } from "node:net";
import { BackendError } from "../../../formats/index.js";
import { median } from "../../../sim/index.js";
import { realClock } from "../../clock.js";
import { addressOf, type ServerRef } from "./server-address.js";

export interface Network {
  /** Median of a round trip, ms, over so many connects. */
  readonly round_trip_ms: number;
  readonly connects: number;
}

const CONNECTS = 21;
const MAX_MS = 10_000;

export async function measureNetwork(baseUrl: ServerRef): Promise<Network> {
  const { origin, url } = addressOf(baseUrl);
  const { protocol, hostname, port } = new URL(origin);
  const address = await addressOfName(hostname.replace(/^\[(.*)\]$/, "$1"), url);
  const to = { host: address, port: port === "" ? (protocol === "https:" ? 443 : 80) : Number(port) };
  const timesNs: number[] = [];
  const endNs = realClock.nowNs() + MAX_MS * 1e6;
  // On a slow network, fewer will do.
  while (timesNs.length < CONNECTS && (timesNs.length === 0 || realClock.nowNs() < endNs)) {
    timesNs.push(await connectNs(to, url));
  }
  const medianNs = median(timesNs);
  return { round_trip_ms: Math.round(medianNs / 1e3) / 1e3, connects: timesNs.length };
}

async function addressOfName(name: string, url: string): Promise<string> {
  try {
    return (await lookup(name)).address;
  } catch (cause) {
    throw new BackendError(`cannot resolve "${name}" in ${url}; check its spelling`, { cause });
  }
}

function connectNs(to: { readonly host: string; readonly port: number }, url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const startNs = realClock.nowNs();
    const fail = (cause?: Error): void => {
      socket.destroy();
      reject(new BackendError(`no connection to ${url}: ${cause?.message ?? "too slow"}`, { cause }));
    };
    const socket = connect({ ...to, noDelay: true, timeout: MAX_MS });
    socket.once("connect", () => {
      resolve(realClock.nowNs() - startNs);
      socket.destroy();
    });
    socket.once("timeout", () => {
      fail();
    });
    socket.once("error", fail);
  });
}
