/** The result of a cell: one line of a file of results, the same bytes whoever simulates the cell. */
import { z } from "zod";
import type { Run } from "../../formats/index.js";
import type { RunCapacity } from "../../sim/index.js";
import type { PredictedIntervals } from "../replicate/index.js";

const figure = z.union([z.number(), z.null()]);

export const sweepRowSchema = z.union([
  z.strictObject({ cell: z.string(), failed: z.string() }),
  z.strictObject({
    cell: z.string(),
    statistics: z.record(z.string(), figure),
    /** Ends of the 90 % interval, of statistics that vary. */
    intervals: z.record(z.string(), z.tuple([z.number(), z.number()])),
    /** Statistics that the run is too short to show. */
    hidden: z.array(z.string()),
    capacity: z.strictObject({
      requests_per_s: figure,
      utilisation: figure,
      verdict: z.string().nullable(),
      bound_by: z.string().nullable(),
    }),
  }),
]);

export type SweepRow = z.output<typeof sweepRowSchema>;

export function rowOf(cell: string, { info }: Run): SweepRow {
  const { summary = {}, intervals = {}, capacity } = info as RunFacts;
  const { hidden_percentiles: hidden = [], ...figures } = summary;
  const known = Object.entries(figures).filter(([, value]) => typeof value === "number" || value === null);
  return {
    cell,
    statistics: Object.fromEntries(known) as Record<string, number | null>,
    intervals: Object.fromEntries(Object.entries(intervals).map(([key, { low, high }]) => [key, [low, high]])),
    hidden: [...hidden],
    capacity: {
      requests_per_s: capacity?.requests_per_s ?? null,
      utilisation: capacity?.utilisation ?? null,
      verdict: capacity?.verdict ?? null,
      bound_by: capacity?.bound_by ?? null,
    },
  };
}

/** What simulations put into run.json. */
interface RunFacts {
  readonly summary?: Readonly<Record<string, unknown>> & { readonly hidden_percentiles?: readonly string[] };
  readonly intervals?: PredictedIntervals;
  readonly capacity?: RunCapacity | null;
}
