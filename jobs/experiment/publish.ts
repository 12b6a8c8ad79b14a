/** Writes what people look at: comparison.json, the CSV of the original suite, the charts and report.html. */
import { defined, type WorkloadRequest } from "../../formats/index.js";
import { writeBytesAtomic, writeJson, writeOriginalCsv, writeTextAtomic } from "../../formats/files/index.js";
import { cellsOf } from "./cells.js";
import { chartRuns } from "./chart-runs.js";
import type { ExperimentFolder } from "./folder.js";
import { originalRows } from "./original-rows.js";
import { overloadRemark } from "./overload-remark.js";
import { reportInput } from "./report-input.js";
import { readResults, type ExperimentResults } from "./results.js";
import { timelineCharts } from "./timeline-charts.js";
import { hasPrompts, workloadOf } from "../inputs/index.js";

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
  await writeOriginalCsv(folder.csv, originalRows(cells, await promptLookup(results)));
  const { policyLooks, renderAllCharts } = await import("../../report/charts/index.js");
  const { renderReport } = await import("../../report/html/index.js");
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
  const { pngOf } = await import("../../report/png/index.js");
  writeBytesAtomic(path.replace(/\.svg$/, ".png"), await pngOf(svg));
}

async function promptLookup({
  experiment,
  cells,
}: ExperimentResults): Promise<(load: string, id: string) => string | undefined> {
  const requests = new Map<string, readonly WorkloadRequest[]>();
  const wanted = new Set(cells.map(({ load }) => load));
  for (const { loadLabel, load } of cellsOf(experiment, "experiment.yaml")) {
    if (!wanted.delete(loadLabel) || !hasPrompts(load)) continue;
    requests.set(loadLabel, (await workloadOf(load, experiment.prompts, experiment.seed)).requests);
  }
  const indexes = new Map([...requests].map(([load, of]) => [load, indexLater(of)]));
  return (load, id) => {
    // An id mostly is the number of its request.
    const request = requests.get(load)?.[Number(id)];
    return request?.id === id ? request.prompt : indexes.get(load)?.().get(id);
  };
}

function indexLater(requests: readonly WorkloadRequest[]): () => ReadonlyMap<string, string | undefined> {
  let index: ReadonlyMap<string, string | undefined> | undefined;
  return () => (index ??= new Map(requests.map(({ id, prompt }) => [id, prompt])));
}
