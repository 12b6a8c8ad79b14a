/**
 * A connection to the Valkey (or Redis) server that holds a sweep's queue. Each operation is tried again while the server is away, for a
 * bounded time: then the queue is lost.
 */
import type { Redis } from "ioredis";
import { BackendError, ConfigError, defined, messageOf } from "../../../formats/index.js";
import { unlessAborted } from "../../threads/index.js";
import type { QueueAddress } from "./queue-address.js";

export interface Asked {
  readonly client: Redis;
  /** Without the password. */
  readonly url: string;
  /** What `work` resolves to, tried again until it does: doing it twice must be harmless. BackendError where the queue is lost. */
  readonly ask: <T>(work: () => Promise<T>) => Promise<T>;
}

export interface QueueConnection extends Asked {
  /** The same, but it rejects with the signal's reason when that aborts. */
  until(signal: AbortSignal): Asked;
  close(): void;
}

const CONNECT_MS = 10_000;
const RETRY_MS = 250;
/** BullMQ's own minimum, in its terms: 6.2.0 (every Valkey). */
const OLDEST = [6, 2] as const;

/** `timeoutS`: how long it may be away before it is lost. BackendError where nothing answers, ConfigError where the server rejects us or would lose rows. */
export async function connectQueue(address: QueueAddress, timeoutS: number): Promise<QueueConnection> {
  const { url, host, port, db, username, password, isTls } = address;
  const { Redis: Client } = await import("ioredis");
  const client = new Client({
    ...{ host, port, db, ...defined({ username, password, tls: isTls ? {} : undefined }) },
    ...{ lazyConnect: true, connectTimeout: CONNECT_MS, disconnectTimeout: RETRY_MS, connectionName: "servesim" },
    maxRetriesPerRequest: null,
    retryStrategy: () => RETRY_MS,
  });
  const others = duplicatesOf(client);
  let last = "no answer";
  client.on("error", (error: Error) => {
    last = error.message === "" ? ((error as NodeJS.ErrnoException).code ?? error.name) : error.message;
  });
  try {
    await client.connect();
    requireUsable(await client.info(), url);
  } catch (error) {
    client.disconnect();
    if (error instanceof ConfigError) throw error;
    throw unreachable(url, last === "no answer" ? messageOf(error) : last);
  }
  const askUntil = (signal: AbortSignal | undefined): Asked => ({
    client,
    url,
    ask: (work) => attempt(work, { url, timeoutS, signal, why: () => last }),
  });
  return {
    ...askUntil(undefined),
    until: askUntil,
    close: () => {
      for (const each of [client, ...others]) each.disconnect();
    },
  };
}

/** The connections that BullMQ makes of this one, to wait on; while their server is away it leaves them open. */
function duplicatesOf(client: Redis): readonly Redis[] {
  const made: Redis[] = [];
  const duplicate = client.duplicate.bind(client);
  client.duplicate = (options) => {
    const other = duplicate(options);
    other.on("error", () => undefined);
    made.push(other);
    return other;
  };
  return made;
}

/** The client's own errors are no `cause`: they hold the command, and with it the password. */
function unreachable(url: string, why: string): Error {
  if (/NOAUTH|WRONGPASS|NOPERM|invalid password/i.test(why)) {
    return new ConfigError(
      `--queue: ${url} rejected the connection: ${why}; give its password in SERVESIM_QUEUE_PASSWORD or as ` +
        "redis://USER:PASSWORD@HOST:PORT",
    );
  }
  return new BackendError(
    `--queue: cannot reach ${url}: ${why}; check host and port, or start a server there: valkey-server --port PORT`,
  );
}

/** `info`: the text of INFO. */
function requireUsable(info: string, url: string): void {
  const field = (name: string): string => new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(info)?.[1] ?? "";
  const version = field("redis_version");
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
    throw new ConfigError(
      `--queue: ${url} is Redis ${version}, expected Valkey, or Redis ${OLDEST.join(".")} or later`,
    );
  }
  if (field("redis_mode") === "cluster") {
    throw new ConfigError(`--queue: ${url} is a node of a cluster, which is not supported; use a server outside it`);
  }
  const policy = field("maxmemory_policy");
  if (field("maxmemory") !== "0" && policy !== "noeviction") {
    throw new ConfigError(
      `--queue: ${url} drops keys when its memory is full (maxmemory-policy ${policy}), and with them finished cells; ` +
        "set it to noeviction: valkey-cli CONFIG SET maxmemory-policy noeviction",
    );
  }
}

interface Attempts {
  readonly url: string;
  readonly timeoutS: number;
  readonly signal: AbortSignal | undefined;
  /** The connection's last error. */
  readonly why: () => string;
}

async function attempt<T>(work: () => Promise<T>, { url, timeoutS, signal, why }: Attempts): Promise<T> {
  let isOver = false;
  let failed: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  const lost = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new BackendError(
          `--queue: lost ${url}, no answer for ${timeoutS} s: ${failed ?? why()}; finished cells are kept: start the server ` +
            "again and repeat the command",
        ),
      );
    }, timeoutS * 1e3);
  });
  const tryAgain = async (): Promise<T> => {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (isOver) throw error;
        failed = messageOf(error);
        await new Promise((resume) => setTimeout(resume, RETRY_MS));
      }
    }
  };
  try {
    return await unlessAborted(Promise.race([tryAgain(), lost]), signal);
  } finally {
    isOver = true;
    clearTimeout(timer);
  }
}
