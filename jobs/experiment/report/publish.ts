/** Writes what people look at: comparison.json, the CSV of the original suite, the charts and report.html. */
import { defined } from "../../../formats/index.js";
import { writeBytesAtomic, writeJson, writeOriginalCsv, writeTextAtomic } from "../../../formats/files/index.js";
import { cellsOf } from "../cells.js";
import { chartRuns } from "./chart-runs.js";
import type { ExperimentFolder } from "../folder.js";
import { originalRows } from "./original-rows.js";
import { overloadRemark } from "./cell-figures.js";
import { reportInput } from "./report-input.js";
import { readResults, type ExperimentResults } from "../results.js";
import { timelineCharts } from "./timeline-charts.js";
import { hasPrompts, workloadOf } from "../../inputs/index.js";

/** Publishes the results of a folder from its runs alone, so it can be called again at any time. `png`: charts as PNG, too. */
export async function publish(folder: ExperimentFolder, { png = false } = {}): Promise<ExperimentResults> {
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
              ...defined({ as_calibrated: asCalibrated, pace }),
            },
          ],
    ),
  });
  await writeOriginalCsv(folder.csv, originalRows(cells, await promptsByLoad(results)));
  const { policyLooks, renderAllCharts } = await import("../../../report/charts/index.js");
  const { renderReport } = await import("../../../report/html/index.js");
  const ofRequests = renderAllCharts(chartRuns(cells), overloadRemark(cells)).charts;
  const charts = new Map([...ofRequests, ...(await timelineCharts(folder, results))]);
  for (const [name, svg] of charts) {
    writeTextAtomic(folder.plot(name), svg);
    if (png) await writePng(folder.plot(name), svg);
  }
  const looks = policyLooks(cells.map(({ policy }) => policy));
  const colourOf = (policy: string): string => looks.get(policy)!.colour;
  writeTextAtomic(folder.report, renderReport(reportInput(results, { charts, colourOf })));
  return results;
}

async function writePng(path: string, svg: string): Promise<void> {
  const { pngOf } = await import("../../../report/png/index.js");
  writeBytesAtomic(path.replace(/\.svg$/, ".png"), await pngOf(svg));
}

/** The prompts of each load, by request id; none of loads of lengths alone. */
async function promptsByLoad({
  experiment,
  cells,
}: ExperimentResults): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>> {
  const prompts = new Map<string, ReadonlyMap<string, string>>();
  const wanted = new Set(cells.map(({ load }) => load));
  for (const { loadLabel, load } of cellsOf(experiment, "experiment.yaml")) {
    if (!wanted.delete(loadLabel) || !hasPrompts(load)) continue;
    const { requests } = await workloadOf(load, experiment.prompts, experiment.seed);
    prompts.set(loadLabel, new Map(requests.flatMap(({ id, prompt }) => (prompt === undefined ? [] : [[id, prompt]]))));
  }
  return prompts;
}
