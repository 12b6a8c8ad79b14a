/** The page of a sweep, beside its tables or where a flag says. */
import { existsSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { writeTextAtomic } from "../../formats/files/index.js";
import { sweepCharts, sweepFolder, sweepPage, type SweepFolder } from "../../jobs/sweep/index.js";
import { writeChart } from "../files/index.js";

/** Is that the folder of a sweep? */
export function isSweep(path: string): boolean {
  return existsSync(sweepFolder(dirname(path), basename(path)).plan);
}

/** Writes `sweep.html` and the charts in `plots/` of a sweep's folder; returns the files. */
export async function reportSweep(path: string, png: boolean): Promise<string[]> {
  const folder = sweepFolder(dirname(path), basename(path));
  const page = join(folder.root, "sweep.html");
  const charts = await writeSweepPage(page, folder, [`servesim report ${path}`]);
  const files = [page];
  for (const [name, svg] of charts) {
    const file = join(folder.root, "plots", `${name}.svg`);
    await writeChart(file, svg, png);
    files.push(file);
  }
  return files;
}

/** Returns its charts. `commands`: lines that make it again. */
export async function writeSweepPage(
  file: string,
  folder: SweepFolder,
  commands: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const { renderSweep } = await import("../../report/html/index.js");
  const name = basename(resolve(folder.root));
  const { table, page } = await sweepPage(folder, name, commands);
  const charts = await sweepCharts(table, name);
  writeTextAtomic(file, renderSweep({ ...page, charts }));
  return charts;
}
