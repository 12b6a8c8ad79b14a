/** Writes a chart that a flag asked for: SVG, and PNG beside it with `--png`. */
import { z } from "zod";
import { writeBytesAtomic, writeTextAtomic } from "../formats/files/index.js";

export const pngFlag = z.boolean().default(false).describe("write each chart as PNG, too, beside the SVG");

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
