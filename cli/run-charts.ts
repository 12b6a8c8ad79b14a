/** `--charts`: a folder of SVG files of one run. */
import { join } from "node:path";
import { z } from "zod";
import { ConfigError } from "../formats/index.js";
import type { Flags } from "./flags.js";
import { requireFree } from "./free-place.js";
import { repeatFolder } from "./repeat-place.js";
import { pngFlag, pngPath } from "./write-chart.js";

export const chartsFlags = {
  charts: z
    .string()
    .min(1, "expected a folder")
    .optional()
    .describe("folder for charts (SVG) of the run: its latencies, and what happened when"),
  png: pngFlag,
};

export const chartsOfRequests = ["latency_cdf", "latency_ccdf"];
const names = [...chartsOfRequests, "time_series", "batch_gantt", "request_lanes", "dynamic_batches", "seeds"];

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
