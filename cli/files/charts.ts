/** Writes a chart that a flag asked for: SVG, and PNG beside it with `--png`. */
import { writeBytesAtomic, writeTextAtomic } from "../../formats/files/index.js";
import { fileName, toggle } from "../flags/index.js";
import { note } from "../printing/index.js";
import { requireFree } from "./places.js";

export const pngFlag = toggle.describe("write each chart as PNG, too, beside the SVG");

/** A file for a chart. It is SVG whatever it is called, so a name that promises something else is rejected. */
export const chartFile = fileName
  .regex(
    /^(?!.*\.(png|pdf|jpe?g|gif|webp|html?|json)$)/is,
    "charts are SVG: expected a name such as chart.svg, and --png for a PNG beside it",
  )
  .optional();

/** ConfigError, before the work, where a chart would not find its place. `flag`: what named it. */
export function requireChartFree(
  file: string | undefined,
  flag: string,
  { png, force }: { readonly png: boolean; readonly force: boolean },
): void {
  if (file !== undefined) requireFree(png ? [file, pngPath(file)] : [file], flag, force);
}

export async function writeChart(file: string, svg: string, png: boolean): Promise<void> {
  writeTextAtomic(file, svg);
  if (!png) return;
  const { pngOf } = await import("../../report/png/index.js");
  writeBytesAtomic(pngPath(file), await pngOf(svg));
}

/** Writes a chart, and says so. */
export async function drawChart(file: string, svg: string, png: boolean): Promise<void> {
  await writeChart(file, svg, png);
  note(`chart written to ${file}`);
}

/** `chart.png` of `chart.svg`. */
export function pngPath(file: string): string {
  return `${file.replace(/\.svg$/, "")}.png`;
}
