/**
 * Which sweep a queue holds, so that machines with another one are rejected; and what keys of the server belong to it. All of them
 * expire KEPT_S after a machine last joined.
 */
import { z } from "zod";
import { ConfigError } from "../../../formats/index.js";
import { packageVersion } from "../../../formats/files/index.js";
import { fingerprint } from "../../inputs/index.js";
import type { PlannedCell } from "../plan-file.js";
import type { Asked } from "./queue-connection.js";

/** A week. */
const KEPT_S = 7 * 24 * 3600;

const queuedPlanSchema = z.object({
  servesim: z.string(),
  cells: z.int(),
  /** Fingerprint of the cells' names, which depend on all that results depend on. */
  plan: z.string(),
});

export type QueuedPlan = z.output<typeof queuedPlanSchema>;

export function queuedPlan(cells: readonly PlannedCell[]): QueuedPlan {
  return {
    servesim: packageVersion(),
    cells: cells.length,
    plan: fingerprint(cells.map(({ id }) => id)).slice(0, 16),
  };
}

export interface QueueKeys {
  /** Which plan the sweep of this name has. */
  readonly plan: string;
  /** How many chunks there are. */
  readonly chunks: string;
  /** Hashes by cell: rows, rows of failed cells, how often an unfinished cell was begun. */
  readonly rows: string;
  readonly failed: string;
  readonly tries: string;
}

export function queueKeys(name: string, { plan }: QueuedPlan): QueueKeys {
  const sweep = `servesim-sweep:${name}`;
  const of = (what: string): string => `${sweep}:${plan}:${what}`;
  return { plan: sweep, chunks: of("chunks"), rows: of("rows"), failed: of("failed"), tries: of("tries") };
}

/** ConfigError where the queue holds another plan under this name, unless `force` replaces it. */
export async function joinQueue(asked: Asked, keys: QueueKeys, plan: QueuedPlan, force: boolean): Promise<void> {
  const { client, ask } = asked;
  const text = JSON.stringify(plan);
  await ask(() => (force ? client.set(keys.plan, text) : client.set(keys.plan, text, "NX")));
  await isJoined(asked, keys, plan);
  await ask(() => Promise.all(Object.values<string>({ ...keys }).map((key) => client.expire(key, KEPT_S))));
}

/** False: the queue holds nothing under this name. ConfigError: another plan. */
export async function isJoined({ client, url, ask }: Asked, keys: QueueKeys, plan: QueuedPlan): Promise<boolean> {
  const found = await ask(() => client.get(keys.plan));
  if (found === null) return false;
  const other = planIn(found);
  if (other?.plan === plan.plan) return true;
  throw new ConfigError(
    `--queue: ${url} holds another sweep under the name of this one (${difference(other, plan)}); all machines need the same ` +
      "version of servesim, sweep file, profiles and traces; give this sweep another name, or replace the other with --force",
  );
}

/** How many chunks there are: what the first machine to propose a number said. `proposed` undefined only asks. */
export async function agreedChunks(
  { client, ask }: Asked,
  keys: QueueKeys,
  proposed?: number,
): Promise<number | undefined> {
  if (proposed !== undefined) await ask(() => client.set(keys.chunks, String(proposed), "EX", KEPT_S, "NX"));
  const found = await ask(() => client.get(keys.chunks));
  return found === null ? undefined : Number(found);
}

function planIn(text: string): QueuedPlan | undefined {
  try {
    return queuedPlanSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function difference(there: QueuedPlan | undefined, here: QueuedPlan): string {
  if (there === undefined) return "in a form that this version of servesim does not know";
  if (there.servesim !== here.servesim) return `of servesim ${there.servesim}; this is ${here.servesim}`;
  if (there.cells !== here.cells) return `of ${there.cells} cells; this one has ${here.cells}`;
  return `of ${there.cells} cells as well, but others`;
}
