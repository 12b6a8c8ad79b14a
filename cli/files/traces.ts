/** Writes traces for ui.perfetto.dev. */
import { writeLinesAtomic } from "../../formats/files/index.js";
import { traceLines, type Trace } from "../../report/perfetto/index.js";
import { note } from "../printing/index.js";

/** Writes a trace, and says what it leaves out. */
export async function keepTrace(file: string, trace: Trace): Promise<void> {
  await writeLinesAtomic(file, traceLines(trace));
  for (const text of trace.notes) note(`trace: ${text}`);
  note(`trace written to ${file}; ui.perfetto.dev opens it`);
}
