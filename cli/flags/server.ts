/**
 * Access to a server, the same for every command: headers, a key from the environment, trusted certificates. Keys are
 * sent, but neither stored nor printed, not even in errors.
 */
import { X509Certificate } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { z } from "zod";
import { ConfigError } from "../../formats/index.js";
import { addressOf, unsafeRemarks, type ServerAccess, type ServerAddress } from "../../real/vllm/index.js";
import type { Args } from "../command.js";
import { warn } from "../printing/index.js";
import { flagName, givenFlags, type Flags } from "./flags.js";
import { seconds, text, toggle } from "./kinds.js";

export const serverFlags = {
  header: text.describe("server: header NAME:VALUE for every request; may be repeated"),
  cacert: z.string().min(1).optional().describe("server: PEM file of certificates to trust in place of the system's"),
  insecure: toggle.describe("server: accept any certificate; every output then says so"),
  control_timeout_s: seconds
    .default(10)
    .describe("server: time limit for requests about models, settings and metrics, s"),
};

/** The server at a URL, with the access that flags and environment give. Warns of what is not safe. */
export function serverAt(baseUrl: string, flags: Flags<typeof serverFlags>): ServerAddress {
  const server = addressOf(baseUrl, serverAccess(flags));
  for (const remark of unsafeRemarks(server)) warn(remark);
  return server;
}

/** The same for a URL that is known later, in a file. */
export function serverAccess(
  flags: Flags<typeof serverFlags>,
  words: readonly string[] = process.argv.slice(2),
  env: NodeJS.ProcessEnv = process.env,
): ServerAccess {
  return {
    headers: Object.fromEntries(headerWords(words).map(headerOf)),
    apiKey: keyOf(env),
    ca: flags.cacert === undefined ? undefined : certificatesIn(flags.cacert),
    isInsecure: flags.insecure,
    askMs: flags.control_timeout_s * 1e3,
  };
}

/** ConfigError for flags of a server where no server is named. */
export function rejectServerFlags(args: Args): void {
  const [given] = Object.keys(givenFlags(serverFlags, args));
  if (given !== undefined) throw new ConfigError(`--${flagName(given)} is about a server, give its --base-url too`);
}

/** yargs keeps the last of a repeated flag, so the words are read themselves. */
function headerWords(words: readonly string[]): string[] {
  return words.flatMap((word, at) => {
    if (word.startsWith("--header=")) return [word.slice("--header=".length)];
    return word === "--header" && words[at + 1] !== undefined ? [words[at + 1]!] : [];
  });
}

/** Headers that the client sets itself. */
const OWN_HEADERS = new Set([
  "accept",
  "accept-encoding",
  "connection",
  "content-length",
  "content-type",
  "expect",
  "keep-alive",
  "transfer-encoding",
  "upgrade",
  "x-request-id",
]);

function headerOf(text: string): [string, string] {
  const colon = text.indexOf(":");
  const name = text.slice(0, Math.max(0, colon)).trim().toLowerCase();
  const reject = (why: string): never => {
    // The value may be a key, and so may all of a text without a colon.
    throw new ConfigError(`--header ${colon < 0 ? "(its value is not shown)" : `${name}: ...`}: ${why}`);
  };
  if (colon < 0) reject("got no colon, expected NAME:VALUE");
  if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name)) reject("got a name that no header can have, expected NAME:VALUE");
  if (OWN_HEADERS.has(name)) reject("this header is the client's own, leave it out");
  const value = text.slice(colon + 1).trim();
  if (!isHeaderValue(value)) reject("its value has characters that no header can hold");
  return [name, value];
}

/** SERVESIM_API_KEY, else OPENAI_API_KEY; an empty SERVESIM_API_KEY keeps the other from being sent. */
function keyOf(env: NodeJS.ProcessEnv): string | undefined {
  const name = env.SERVESIM_API_KEY === undefined ? "OPENAI_API_KEY" : "SERVESIM_API_KEY";
  const key = (env[name] ?? "").trim();
  if (key === "") return undefined;
  if (!isHeaderValue(key) || /\s/.test(key)) {
    throw new ConfigError(`${name} has characters that no key can have (it is not shown), expected one word of ASCII`);
  }
  return key;
}

function isHeaderValue(text: string): boolean {
  return /^[\t\x20-\x7e]*$/.test(text);
}

const MAX_PEM_BYTES = 4 * 2 ** 20;

function certificatesIn(path: string): string {
  const reject = (why: string, cause?: unknown): never => {
    throw new ConfigError(`--cacert ${path}: ${why}, expected a file of certificates in PEM`, { cause });
  };
  let pem = "";
  try {
    const stat = statSync(path);
    if (!stat.isFile() || stat.size > MAX_PEM_BYTES) reject(`got no file of at most ${MAX_PEM_BYTES / 2 ** 20} MiB`);
    pem = readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    reject(`cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`, error);
  }
  try {
    new X509Certificate(pem);
  } catch (error) {
    reject("holds no certificate", error);
  }
  return pem;
}
