/**
 * The rows that a sweep's machines return through its queue, each as soon as it is finished, and how often a cell was begun. Any number of
 * machines may put the same row: results depend on the cell alone.
 */
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { ArtifactError, check } from "../../../formats/index.js";
import type { Asked } from "./queue-connection.js";
import type { QueueKeys } from "./queued-plan.js";
import { sweepRowSchema, type SweepRow } from "../row.js";
import { stateOf, type CellState } from "../status.js";

/** Commands sent at a time. */
const BATCH = 500;

/** Keeps a row; that of a failed cell only where there is no other. KEYS rows, failed, tries; ARGV cell, row, whether it failed. */
const PUT = `
if ARGV[3] == 'failed' then
  if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then redis.call('HSETNX', KEYS[2], ARGV[1], ARGV[2]) end
else
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
  redis.call('HDEL', KEYS[2], ARGV[1])
end
redis.call('HDEL', KEYS[3], ARGV[1])
return 1`;

export async function putRows({ client, ask }: Asked, keys: QueueKeys, rows: readonly SweepRow[]): Promise<void> {
  const put = (row: SweepRow): Promise<unknown> => {
    const kind = "failed" in row ? "failed" : "made";
    const packed = deflateRawSync(JSON.stringify(row));
    return client.eval(PUT, 3, keys.rows, keys.failed, keys.tries, row.cell, packed, kind);
  };
  for (let at = 0; at < rows.length; at += BATCH) await ask(() => Promise.all(rows.slice(at, at + BATCH).map(put)));
}

/** Whether the cell has a row. */
export async function isFinished({ client, ask }: Asked, keys: QueueKeys, id: string): Promise<boolean> {
  const found = await ask(() => Promise.all([client.hexists(keys.rows, id), client.hexists(keys.failed, id)]));
  return found.includes(1);
}

/** How many cells have a row. */
export async function countRows({ client, ask }: Asked, keys: QueueKeys): Promise<number> {
  const counts = await ask(() => Promise.all([client.hlen(keys.rows), client.hlen(keys.failed)]));
  return counts[0] + counts[1];
}

/** What became of each cell that has a row. */
export async function queuedStates({ client, ask, url }: Asked, keys: QueueKeys): Promise<Map<string, CellState>> {
  const states = new Map<string, CellState>();
  const made = await ask(() => client.hkeys(keys.rows));
  for (const bytes of Object.values(await ask(() => client.hgetallBuffer(keys.failed)))) {
    const row = unpacked(bytes, url, keys.failed);
    states.set(row.cell, stateOf(row));
  }
  for (const id of made) states.set(id, null);
  return states;
}

/** All rows, in no order. */
export async function* eachQueuedRow({ client, ask, url }: Asked, keys: QueueKeys): AsyncGenerator<SweepRow> {
  for (const key of [keys.failed, keys.rows]) {
    let cursor = "0";
    do {
      const from = cursor;
      const page: [Buffer, Buffer[]] = await ask(() => client.hscanBuffer(key, from, "COUNT", BATCH));
      // Fields and their values.
      for (const [at, bytes] of page[1].entries()) if (at % 2 === 1) yield unpacked(bytes, url, key);
      cursor = page[0].toString();
    } while (cursor !== "0");
  }
}

/** Counts that a cell is begun; returns how often it was without ever having a row. */
export function beginCell({ client, ask }: Asked, keys: QueueKeys, id: string): Promise<number> {
  return ask(() => client.hincrby(keys.tries, id, 1));
}

/** Forgets the failures, so that their cells are simulated again. */
export async function forgetFailed({ client, ask }: Asked, keys: QueueKeys): Promise<void> {
  await ask(() => client.unlink(keys.failed, keys.tries));
}

function unpacked(bytes: Buffer, url: string, key: string): SweepRow {
  const source = `${url}, key ${key}`;
  let value: unknown;
  try {
    value = JSON.parse(inflateRawSync(bytes).toString());
  } catch (cause) {
    throw new ArtifactError(
      `${source}: something that is not the row of a cell; delete the key, and run the sweep again`,
      { cause },
    );
  }
  return check(sweepRowSchema, value, { source, Failure: ArtifactError });
}
