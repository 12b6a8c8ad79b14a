/** Writes a chart that a flag asked for: SVG, and PNG beside it with `--png`. */
import { z } from "zod";
import { writeBytesAtomic, writeTextAtomic } from "../formats/files/index.js";
import { requireFree } from "./free-place.js";

export const pngFlag = z.boolean().default(false).describe("write each chart as PNG, too, beside the SVG");

/** A file for a chart. It is SVG whatever it is called, so a name that promises something else is rejected. */
export const chartFile = z
  .string()
  .min(1, "expected a file")
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
  const { pngOf } = await import("../report/png/index.js");
  writeBytesAtomic(pngPath(file), await pngOf(svg));
}

/** `chart.png` of `chart.svg`. */
export function pngPath(file: string): string {
  return `${file.replace(/\.svg$/, "")}.png`;
}
