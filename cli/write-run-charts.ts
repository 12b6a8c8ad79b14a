/** Draws what `--charts` asked for. Apart from its flags, since charts bring more code than a simulation. */
import { join } from "node:path";
import type { Run } from "../formats/index.js";
import { batchScenes, chartRun, kvBlocksOf, replicationsOf } from "../jobs/experiment/index.js";
import { renderChart, runPictures, seedsPicture } from "../report/charts/index.js";
import type { Timeline } from "../sim/index.js";
import { note } from "./output.js";
import { chartsOfRequests } from "./run-charts.js";
import { writeChart } from "./write-chart.js";

export interface RunCharts {
  readonly run: Run;
  /** As PNG, too. */
  readonly png: boolean;
  readonly timeline: Timeline;
  /** Of the machine; absent: not known. */
  readonly memoryBytes?: number | undefined;
  /** Inter-token latencies, s, where they are known. */
  readonly itlS?: Float64Array | undefined;
}

export async function writeRunCharts(
  folder: string,
  { run, timeline, memoryBytes, itlS, png }: RunCharts,
): Promise<void> {
  const { policy, source, model } = run.info;
  const title = `${policy} on ${model.name}`;
  const pictures = new Map<string, string>();
  const columns = { ...chartRun(run, { policy, load: "this run" }), ...(itlS === undefined ? {} : { itlS }) };
  if (columns.seq.length > 0) for (const name of chartsOfRequests) pictures.set(name, renderChart(name, [columns]));
  const scene = { policy, source, timeline, kvBlocks: kvBlocksOf(run) };
  const batches = batchScenes([run], memoryBytes);
  for (const [name, svg] of runPictures({ title, scenes: [scene], batches })) pictures.set(name, svg);
  const seeds = seedsPicture({ title, rows: [{ policy, load: "this run", source, values: replicationsOf(run) }] });
  if (seeds !== undefined) pictures.set("seeds", seeds);
  for (const [name, svg] of pictures) await writeChart(join(folder, `${name}.svg`), svg, png);
  note(`${pictures.size} charts written to ${folder}: ${[...pictures.keys()].join(", ")}`);
}
