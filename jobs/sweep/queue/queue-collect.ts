/** What another machine than the workers asks of a sweep's queue: how far it is, and its rows, for the tables. */
import { ConfigError } from "../../../formats/index.js";
import type { SweepFolder } from "../folder.js";
import { partWriter } from "../parts.js";
import { PlannedCells } from "../planned-cells.js";
import type { QueueAddress } from "./queue-address.js";
import { connectQueue, type QueueConnection } from "./queue-connection.js";
import { isJoined, queuedPlan, queueKeys, type QueueKeys } from "./queued-plan.js";
import { eachQueuedRow, queuedStates } from "./queued-rows.js";
import { queuedCells } from "./run-queue.js";
import type { MadePlan } from "../run-sweep.js";
import { readStates, stateOf, statusOf, type SweepStatus } from "../status.js";

export interface AskQueueOptions {
  readonly address: QueueAddress;
  /** How long the queue may be away before it is lost, seconds. */
  readonly timeoutS: number;
}

/** How far the sweep is, by its queue. ConfigError where the queue has nothing of it, or another plan. */
export function queueStatus(plan: MadePlan, options: AskQueueOptions): Promise<SweepStatus> {
  return withQueue(plan, options, async (connection, keys) => {
    const states = await queuedStates(connection, keys);
    const own = new PlannedCells(plan.cells, (cell) => plan.planned.at(plan.planned.placeOf(cell.id)!).impossible);
    return statusOf(own, (_, id) => states.get(id));
  });
}

/** Copies the rows that the folder lacks from the queue into a file of their own; returns how many. They stay in the queue. */
export async function collectRows(plan: MadePlan, folder: SweepFolder, options: AskQueueOptions): Promise<number> {
  const states = await readStates(folder, plan.planned);
  return withQueue(plan, options, async (connection, keys) => {
    const part = partWriter(folder.parts);
    let collected = 0;
    try {
      for await (const row of eachQueuedRow(connection, keys)) {
        const place = plan.planned.placeOf(row.cell);
        const state = place === undefined ? null : states.at(place);
        if (place === undefined || state === null || (state !== undefined && "failed" in row)) continue;
        states.set(place, stateOf(row));
        part.add(row);
        collected++;
      }
    } finally {
      part.close();
    }
    return collected;
  });
}

async function withQueue<T>(
  plan: MadePlan,
  { address, timeoutS }: AskQueueOptions,
  ask: (connection: QueueConnection, keys: QueueKeys) => Promise<T>,
): Promise<T> {
  const queued = queuedPlan(queuedCells(plan));
  const keys = queueKeys(plan.sweep.name, queued);
  const connection = await connectQueue(address, timeoutS);
  try {
    if (await isJoined(connection, keys, queued)) return await ask(connection, keys);
    throw new ConfigError(
      `--queue: ${connection.url} has no sweep "${plan.sweep.name}"; start it with servesim sweep run --queue`,
    );
  } finally {
    connection.close();
  }
}
