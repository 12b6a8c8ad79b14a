/** `--trace` and `--charts`: a file that ui.perfetto.dev and chrome://tracing open, and a folder of SVG files, of one run. */
import { join } from "node:path";
import { z } from "zod";
import { ConfigError } from "../../formats/index.js";
import { pngFlag, pngPath, requireFree } from "../files/index.js";
import { folderName, type Flags } from "../flags/index.js";
import type { Drawn } from "./draw.js";
import { repeatFile, repeatFolder } from "./places.js";

export const pictureFlags = {
  trace: z
    .string()
    .regex(/[^/]\.json(\.gz)?$/, "expected a file that ends in .json or .json.gz")
    .optional()
    .describe(
      "file (.json or .json.gz) for a trace of the run: its steps or batches and requests, for ui.perfetto.dev",
    ),
  charts: folderName.optional().describe("folder for charts (SVG) of the run: its latencies, and what happened when"),
  png: pngFlag,
};

type PictureFlags = Flags<typeof pictureFlags>;

export const chartsOfRequests = ["latency_cdf", "latency_ccdf"];
const names = [...chartsOfRequests, "time_series", "batch_gantt", "request_lanes", "dynamic_batches", "seeds"];

/** ConfigError, before the work, where pictures of one of so many `runs` would not find their place. */
export function requirePicturePlaces(
  { trace, charts, png = false, force }: Partial<PictureFlags> & { readonly force: boolean },
  runs = 1,
): void {
  const repeats = Array.from({ length: runs }, (_, at) => at);
  if (trace !== undefined) {
    const files = repeats.map((at) => repeatFile(trace, at));
    requireFree(files, "--trace", force);
  }
  if (charts !== undefined) {
    const files = repeats.flatMap((at) => names.map((name) => join(repeatFolder(charts, at), `${name}.svg`)));
    requireFree(png ? [...files, ...files.map(pngPath)] : files, "--charts", force);
  } else if (png) throw new ConfigError("--png writes charts as PNG, too: give --charts with it");
}

/** Writes the pictures that the flags ask for. `at`: number of the repeat, from 0. */
export async function keepPictures({ trace, charts, png }: PictureFlags, drawn: Drawn, at = 0): Promise<void> {
  // Charts bring more code than a simulation.
  const { writeRunCharts, writeRunTrace } = await import("./draw.js");
  if (trace !== undefined) await writeRunTrace(repeatFile(trace, at), drawn);
  if (charts !== undefined) await writeRunCharts(repeatFolder(charts, at), drawn, png);
}
