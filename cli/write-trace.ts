/** Writes the trace that `--trace` asked for. */
import type { RunInfo } from "../formats/index.js";
import { writeLinesAtomic } from "../formats/files/index.js";
import { traceLines, traceOf, type Trace } from "../report/perfetto/index.js";
import type { Timeline } from "../sim/index.js";
import { note } from "./output.js";

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
