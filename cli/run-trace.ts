/** `--trace`: a file that ui.perfetto.dev and chrome://tracing open, of one run. */
import { z } from "zod";
import type { RunInfo } from "../formats/index.js";
import { writeLinesAtomic } from "../formats/files/index.js";
import { traceLines, traceOf, type Trace } from "../report/perfetto/index.js";
import type { Timeline } from "../sim/index.js";
import type { Flags } from "./flags.js";
import { requireFree } from "./free-place.js";
import { note } from "./output.js";
import { repeatFile } from "./repeat-place.js";

export const traceFlags = {
  trace: z
    .string()
    .regex(/[^/]\.json(\.gz)?$/, "expected a file that ends in .json or .json.gz")
    .optional()
    .describe(
      "file (.json or .json.gz) for a trace of the run: its steps or batches and requests, for ui.perfetto.dev",
    ),
};

/** ConfigError, before the work, where a trace would not find its place. `runs`: of so many, each has its own file. */
export function requireTracePlaces(
  { trace, force }: Flags<typeof traceFlags> & { readonly force: boolean },
  runs = 1,
): void {
  if (trace === undefined) return;
  const files = Array.from({ length: runs }, (_, at) => repeatFile(trace, at));
  requireFree(files, "--trace", force);
}

/** `info`: of the run that the timeline is of. */
export async function writeTrace(file: string, timeline: Timeline, info: RunInfo): Promise<void> {
  const { source, policy, model, engine, seed = "" } = info;
  const trace = traceOf(timeline, { source, policy, model: model.name, engine: engine.name, seed });
  await keepTrace(file, trace);
}

/** Writes it, and says what it leaves out. */
export async function keepTrace(file: string, trace: Trace): Promise<void> {
  await writeLinesAtomic(file, traceLines(trace));
  for (const text of trace.notes) note(`trace: ${text}`);
  note(`trace written to ${file}; ui.perfetto.dev opens it`);
}
