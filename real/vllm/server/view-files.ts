/** A server's view of a run beside it: server.json, and server-samples.csv with a row per change of a gauge. */
import { join } from "node:path";
import { writeCsv, writeJson } from "../../../formats/files/index.js";
import type { ServerView } from "./server-view.js";

const columns = ["at_ms", "running", "waiting", "kv_fraction", "preemptions"] as const;

/** Writes both files into a run's folder. */
export async function writeServerView(folder: string, { samples, ...view }: ServerView): Promise<void> {
  const rows = samples.map(({ atMs, ...reading }) => ({ at_ms: Number(atMs.toFixed(3)), ...reading }));
  await writeCsv(join(folder, "server-samples.csv"), columns, rows);
  writeJson(join(folder, "server.json"), view);
}
