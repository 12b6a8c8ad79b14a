/** Recovered service times by what went before and by size, beside what the fitted line makes of them. */
import { mean } from "../../sim/index.js";
import { predictedMs, type ServiceFit } from "./fit-service.js";
import { markdownTable } from "./markdown-table.js";
import type { RecoveredBatch } from "./recover-batches.js";

const starts = {
  busy: "after another batch",
  idle: "after a timeout",
  cell_start: "first of its cell",
  process_start: "first of the process",
} as const;

/** Service times by what went before and by size, with what the line makes of them. */
export function batchTable(batches: readonly RecoveredBatch[], fit: ServiceFit): string {
  const groups = (["busy", "idle", "cell_start", "process_start"] as const).flatMap((after) =>
    [1, 2, 3, 4, 5, 6, 8, 10].map((size) => batches.filter((b) => b.after === after && b.size === size)),
  );
  const rows = groups
    .filter((of) => of.length > 0)
    .map((of) => {
      const { after, size } = of[0]!;
      const servicesMs = of.map(({ serviceMs }) => serviceMs);
      const lineMs = predictedMs(fit, size);
      const lowMs = Math.min(...servicesMs).toFixed(1);
      const highMs = Math.max(...servicesMs).toFixed(1);
      return [
        starts[after],
        String(size),
        String(of.length),
        mean(servicesMs).toFixed(1),
        of.length === 1 ? lowMs : `${lowMs} to ${highMs}`,
        lineMs.toFixed(1),
        (mean(servicesMs) - lineMs).toFixed(1),
      ];
    });
  const table = markdownTable(["batches", "size", "n", "mean, ms", "range, ms", "line, ms", "above it, ms"], rows);
  const disagreementsMs = batches.map(({ disagreementMs }) => disagreementMs);
  const afterTimeout = batches.filter(({ after }) => after === "idle");
  const extraMs = afterTimeout.map((batch) => batch.serviceMs - predictedMs(fit, batch.size));
  return (
    `${table}\n\n${batches.length} batches; the requests of one agree on its end within ` +
    `${Math.max(...disagreementsMs).toFixed(2)} ms (mean ${mean(disagreementsMs).toFixed(3)} ms); ` +
    `${extraMs.length} batches after a timeout take ${mean(extraMs).toFixed(1)} ms more than the line, not modelled`
  );
}
