/** `--trace`: a file that ui.perfetto.dev and chrome://tracing open, of one run. */
import { z } from "zod";
import type { Flags } from "./flags.js";
import { requireFree } from "./free-place.js";
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
