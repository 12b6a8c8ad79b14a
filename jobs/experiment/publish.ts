/** Writes what people look at: comparison.json, the CSV of the original suite, the charts and report.html. */
import { writeJson, writeOriginalCsv, writeTextAtomic } from "../../formats/files/index.js";
import { cellsOf } from "./cells.js";
import { chartRows } from "./chart-rows.js";
import type { ExperimentFolder } from "./folder.js";
import { originalRows } from "./original-rows.js";
import { overloadRemark } from "./overload-remark.js";
import { reportInput } from "./report-input.js";
import { readResults, type ExperimentResults } from "./results.js";
import { workloadOf } from "../inputs/index.js";

/** Publishes the results of a folder from its runs alone, so it can be called again at any time. */
export async function publish(folder: ExperimentFolder): Promise<ExperimentResults> {
  const results = await readResults(folder);
  const { cells, experiment } = results;
  writeJson(folder.comparison, {
    version: 2,
    experiment: experiment.name,
    cells: cells.flatMap(({ name, comparison, asCalibrated, pace }) =>
      comparison === undefined
        ? []
        : [
            {
              cell: name,
              simulated_at: asCalibrated === undefined ? "calibration" : "pace before each real run",
              ...comparison,
              ...(asCalibrated === undefined ? {} : { as_calibrated: asCalibrated }),
              ...(pace === undefined ? {} : { pace }),
            },
          ],
    ),
  });
  await writeOriginalCsv(folder.csv, originalRows(cells, await promptLookup(results)));
  const { renderAllCharts } = await import("../../report/charts/index.js");
  const { renderReport } = await import("../../report/html/index.js");
  const charts = renderAllCharts(chartRows(cells), overloadRemark(cells));
  for (const [name, svg] of charts) writeTextAtomic(folder.plot(name), svg);
  writeTextAtomic(folder.report, renderReport(reportInput(results, charts)));
  return results;
}

async function promptLookup({
  experiment,
  cells,
}: ExperimentResults): Promise<(load: string, id: string) => string | undefined> {
  const prompts = new Map<string, string>();
  const wanted = new Set(cells.map(({ load }) => load));
  for (const { loadLabel, load } of cellsOf(experiment, "experiment.yaml")) {
    if (!wanted.delete(loadLabel)) continue;
    const { requests } = await workloadOf(load, experiment.prompts, experiment.seed);
    for (const { id, prompt } of requests) if (prompt !== undefined) prompts.set(`${loadLabel}/${id}`, prompt);
  }
  return (load, id) => prompts.get(`${load}/${id}`);
}
