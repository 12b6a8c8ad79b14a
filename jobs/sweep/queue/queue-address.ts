/** Where a sweep's queue is: redis://USER:PASSWORD@HOST:PORT/DATABASE. What is printed or stored of it is its `url`, without the password. */
import { ConfigError } from "../../../formats/index.js";

export interface QueueAddress {
  /** Scheme, host, port and database: the only part to show. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly db: number;
  readonly username?: string;
  readonly password?: string;
  readonly isTls: boolean;
}

const DEFAULT_PORT = 6379;

/** `rediss` is Redis over TLS. A password that is not in the URL is that of SERVESIM_QUEUE_PASSWORD. ConfigError: not such a URL. */
export function queueAddress(text: string, environment: Readonly<Record<string, string | undefined>>): QueueAddress {
  const { protocol, hostname, port, pathname, search, hash, username, password } = parsed(text);
  const db = /^\/?(\d{0,5})$/.exec(pathname)?.[1];
  if (db === undefined) throw wrong(text, `which has a database "${pathname.slice(1)}"`);
  if (search !== "" || hash !== "") throw wrong(text, "which has a query or a fragment");
  if (hostname === "") throw wrong(text, "which has no host");
  const scheme = protocol.slice(0, -1);
  const number = port === "" ? DEFAULT_PORT : Number(port);
  const secret = plain(password) || (environment.SERVESIM_QUEUE_PASSWORD ?? "");
  return {
    url: `${scheme}://${hostname}:${number}${Number(db) === 0 ? "" : `/${Number(db)}`}`,
    host: hostname.replace(/^\[|\]$/g, ""),
    port: number,
    db: Number(db),
    ...(username === "" ? {} : { username: plain(username) }),
    ...(secret === "" ? {} : { password: secret }),
    isTls: scheme === "rediss",
  };
}

function parsed(text: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    // The parser's own error holds the text.
    throw wrong(text, "which is no URL");
  }
  if (url.protocol === "redis:" || url.protocol === "rediss:") return url;
  throw wrong(text, `which has the scheme "${url.protocol}"`);
}

function wrong(text: string, why: string): ConfigError {
  // What cannot be parsed may hold a password anyway.
  const shown = text.replace(/\/\/.*@/s, "//...@").replace(/[?#].*$/s, "?...");
  return new ConfigError(`--queue: got "${shown}", ${why}; expected redis://HOST:PORT or rediss://HOST:PORT`);
}

function plain(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
