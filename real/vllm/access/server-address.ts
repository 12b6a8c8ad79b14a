/**
 * Where a server is and how a client gets access to it: origin and path, headers that every request carries, whose
 * certificates are trusted. Userinfo, query and keys are sent and never shown: what is stored or printed of an address
 * is its `url`.
 */
import { ConfigError, defined } from "../../../formats/index.js";

/** What a user gives beside the URL. Plain data: worker threads get it too. */
export interface ServerAccess {
  /** Sent with every request; names in lower case. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Sent as a Bearer token where neither a header nor the URL identifies the client. */
  readonly apiKey?: string | undefined;
  /** Certificates to trust instead of the system's, PEM. */
  readonly ca?: string | undefined;
  /** Take any certificate; every output then says so. */
  readonly isInsecure?: boolean | undefined;
  /** Longest time of a request about the server itself, from connecting to its last byte, ms (10,000). */
  readonly askMs?: number | undefined;
}

export interface ServerAddress {
  /** Origin and path without userinfo and query: the only part to show. */
  readonly url: string;
  readonly origin: string;
  /** Path before the server's own, mostly empty. */
  readonly prefix: string;
  /** Query of the URL, such as "?api-version=1", or empty; goes with every request. */
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly ca: string | undefined;
  readonly isInsecure: boolean;
  readonly askMs: number;
}

/** A URL such as http://127.0.0.1:8000, or the address made of one with the client's access. */
export type ServerRef = string | ServerAddress;

const ASK_MS = 10_000;

/** The address in a URL; a "/v1" at its end is left out, its userinfo becomes Basic authorization. */
export function addressOf(server: ServerRef, access: ServerAccess = {}): ServerAddress {
  if (typeof server !== "string") return server;
  const url = parsed(server);
  const prefix = url.pathname.replace(/\/+$/, "").replace(/\/v1$/, "");
  const authorization = basicOf(url) ?? (access.apiKey === undefined ? undefined : `Bearer ${access.apiKey}`);
  return {
    url: `${url.origin}${prefix}`,
    origin: url.origin,
    prefix,
    query: url.search,
    headers: { ...defined({ authorization }), ...access.headers },
    ca: access.ca,
    isInsecure: access.isInsecure === true && url.protocol === "https:",
    askMs: access.askMs ?? ASK_MS,
  };
}

/** The URL of a server as it may be stored and printed. */
export function shownUrl(server: ServerRef): string {
  return addressOf(server).url;
}

/** A path of the server with the address's own prefix and query. */
export function pathOf({ prefix, query }: ServerAddress, path: string): string {
  const joined = path.includes("?") ? query.replace("?", "&") : query;
  return `${prefix}${path}${joined}`;
}

/** Said in every output of a run whose server's certificate was not looked at. */
export const INSECURE_NOTE = "the server's TLS certificate was not verified (--insecure): anyone could have answered";

/** TLS of a connection: certificates are verified whatever the environment says. */
export function tlsOf({ ca, isInsecure }: ServerAddress): { ca?: string; rejectUnauthorized: boolean } {
  return { ...defined({ ca }), rejectUnauthorized: !isInsecure };
}

/** What anyone on the way to the server may read or fake, a sentence each. */
export function unsafeRemarks({ url, headers, query, isInsecure }: ServerAddress): string[] {
  const { protocol, hostname } = new URL(url);
  const isHere = hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.");
  const hasSecrets = Object.keys(headers).length > 0 || query !== "";
  return [
    ...(isInsecure ? [INSECURE_NOTE] : []),
    ...(protocol === "http:" && !isHere && hasSecrets
      ? [`keys and headers go to ${url} unencrypted, and anyone on the path can read them; use https://`]
      : []),
  ];
}

/** The text without the secrets that were sent: a server may echo them. */
export function withoutSecrets(text: string, { headers, query }: Pick<ServerAddress, "headers" | "query">): string {
  let rest = text;
  for (const secret of secretsOf(headers, query)) rest = rest.replaceAll(secret, "[redacted]");
  return rest;
}

/** Shorter values are words of every text. */
const SHORTEST_SECRET = 6;

function secretsOf(headers: ServerAddress["headers"], query: string): string[] {
  const values = Object.values(headers).flatMap((value) => [value, ...value.split(/\s+/).slice(1)]);
  const basics = values.flatMap((value) => {
    const decoded = /^Basic (.+)$/i.exec(value)?.[1];
    return decoded === undefined ? [] : Buffer.from(decoded, "base64").toString().split(":").slice(1);
  });
  const asked = [...new URLSearchParams(query).values()];
  return [...values, ...basics, ...asked]
    .filter((value) => value.length >= SHORTEST_SECRET)
    .sort((a, b) => b.length - a.length);
}

function parsed(text: string): URL {
  const reject = (cause?: unknown): never => {
    // A URL that cannot be parsed may hold a password anyway.
    const shown = text.replace(/\/\/[^/]*@/, "//...@").replace(/[?#].*$/s, "?...");
    throw new ConfigError(`base URL is "${shown}", expected one such as http://127.0.0.1:8000`, { cause });
  };
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    // The parser's own error holds the text.
    return reject();
  }
  return url.protocol === "http:" || url.protocol === "https:" ? url : reject();
}

function basicOf({ username, password }: URL): string | undefined {
  if (username === "" && password === "") return undefined;
  const plain = (text: string): string => {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  };
  return `Basic ${Buffer.from(`${plain(username)}:${plain(password)}`).toString("base64")}`;
}
