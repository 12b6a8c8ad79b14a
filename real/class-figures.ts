/** A real run's figures by class of its requests, under the keys of simulations: p99_ttft_ms@interactive. */
import { GrowingTable, parseClasses, type RequestRecord, type RequestTable, type RunInfo } from "../formats/index.js";
import { summariseClasses, type Summary } from "../sim/index.js";

/** The summary with them; the same where the load has no classes. `requests` say their class in the column of that name. */
export function withClassFigures(
  summary: Summary,
  requests: RequestTable | readonly RequestRecord[],
  load: RunInfo["load"],
): Summary {
  const { classes } = load as { readonly classes?: string };
  const found = classes === undefined ? [] : parseClasses(classes);
  if (typeof found === "string" || found.length === 0) return summary;
  const { figures, hidden } = summariseClasses("rows" in requests ? requests : tableOf(requests), found);
  return { ...summary, ...figures, hidden_percentiles: [...summary.hidden_percentiles, ...hidden] };
}

function tableOf(records: readonly RequestRecord[]): RequestTable {
  const table = new GrowingTable();
  for (const record of records) table.add(record);
  return table.finished();
}
