/** Draws what `--trace` and `--charts` ask for. */
import { join } from "node:path";
import { defined, type Run } from "../../formats/index.js";
import { batchScenes, chartRun, kvBlocksOf, replicationsOf } from "../../jobs/experiment/index.js";
import { renderChart, runPictures, seedsPicture } from "../../report/charts/index.js";
import { traceOf } from "../../report/perfetto/index.js";
import type { Timeline } from "../../sim/index.js";
import { keepTrace, writeChart } from "../files/index.js";
import { note } from "../printing/index.js";
import { chartsOfRequests } from "./pictures.js";

export interface Drawn {
  readonly run: Run;
  readonly timeline: Timeline;
  /** Of the machine; absent: not known. */
  readonly memoryBytes?: number | undefined;
  /** Inter-token latencies, s, where they are known. */
  readonly itlS?: Float64Array | undefined;
}

export async function writeRunTrace(file: string, { run: { info }, timeline }: Drawn): Promise<void> {
  const { source, policy, model, engine, seed = "" } = info;
  await keepTrace(file, traceOf(timeline, { source, policy, model: model.name, engine: engine.name, seed }));
}

export async function writeRunCharts(
  folder: string,
  { run, timeline, memoryBytes, itlS }: Drawn,
  png: boolean,
): Promise<void> {
  const { policy, source, model } = run.info;
  const title = `${policy} on ${model.name}`;
  const cell = { policy, load: "this run" };
  const pictures = new Map<string, string>();
  const columns = { ...chartRun(run, cell), ...defined({ itlS }) };
  if (columns.seq.length > 0) for (const name of chartsOfRequests) pictures.set(name, renderChart(name, [columns]));
  const scene = { policy, source, timeline, kvBlocks: kvBlocksOf(run) };
  const batches = batchScenes([run], memoryBytes);
  for (const [name, svg] of runPictures({ title, scenes: [scene], batches })) pictures.set(name, svg);
  const seeds = seedsPicture({ title, rows: [{ ...cell, source, values: replicationsOf(run) }] });
  if (seeds !== undefined) pictures.set("seeds", seeds);
  for (const [name, svg] of pictures) await writeChart(join(folder, `${name}.svg`), svg, png);
  note(`${pictures.size} charts written to ${folder}: ${[...pictures.keys()].join(", ")}`);
}
