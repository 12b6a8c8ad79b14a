/** `--charts`: a folder of SVG files of one run. */
import { join } from "node:path";
import { z } from "zod";
import { ConfigError, type Run } from "../formats/index.js";
import { batchScenes, chartRun, kvBlocksOf, replicationsOf } from "../jobs/experiment/index.js";
import type { Timeline } from "../sim/index.js";
import type { Flags } from "./flags.js";
import { requireFree } from "./free-place.js";
import { note } from "./output.js";
import { repeatFolder } from "./repeat-place.js";
import { pngFlag, pngPath, writeChart } from "./write-chart.js";

export const chartsFlags = {
  charts: z
    .string()
    .min(1, "expected a folder")
    .optional()
    .describe("folder for charts (SVG) of the run: its latencies, and what happened when"),
  png: pngFlag,
};

const ofRequests = ["latency_cdf", "latency_ccdf"];
const names = [...ofRequests, "time_series", "batch_gantt", "request_lanes", "dynamic_batches", "seeds"];

/** ConfigError, before the work, where charts would not find their place. `runs`: of so many, each has its own folder. */
export function requireChartPlaces(
  { charts, png, force }: Flags<typeof chartsFlags> & { readonly force: boolean },
  runs = 1,
): void {
  if (charts === undefined) {
    if (png) throw new ConfigError("--png writes charts as PNG, too: give --charts with it");
    return;
  }
  const folders = Array.from({ length: runs }, (_, at) => repeatFolder(charts, at));
  const files = folders.flatMap((folder) => names.map((name) => join(folder, `${name}.svg`)));
  requireFree(png ? [...files, ...files.map(pngPath)] : files, "--charts", force);
}

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
  const { renderChart, runPictures, seedsPicture } = await import("../report/charts/index.js");
  const { policy, source, model } = run.info;
  const title = `${policy} on ${model.name}`;
  const pictures = new Map<string, string>();
  const columns = { ...chartRun(run, { policy, load: "this run" }), ...(itlS === undefined ? {} : { itlS }) };
  if (columns.seq.length > 0) for (const name of ofRequests) pictures.set(name, renderChart(name, [columns]));
  const scene = { policy, source, timeline, kvBlocks: kvBlocksOf(run) };
  const batches = batchScenes([run], memoryBytes);
  for (const [name, svg] of runPictures({ title, scenes: [scene], batches })) pictures.set(name, svg);
  const seeds = seedsPicture({ title, rows: [{ policy, load: "this run", source, values: replicationsOf(run) }] });
  if (seeds !== undefined) pictures.set("seeds", seeds);
  for (const [name, svg] of pictures) await writeChart(join(folder, `${name}.svg`), svg, png);
  note(`${pictures.size} charts written to ${folder}: ${[...pictures.keys()].join(", ")}`);
}
