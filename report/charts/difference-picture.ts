/**
 * What a change does: a row for each statistic with the difference in percent of the value before, the interval of its
 * mean (thick) and that of 9 of 10 days (thin), on both sides of a line at no difference.
 */
import { scaleLinear } from "d3";
import { greatest, least, type AnswerDifference } from "../../formats/index.js";
import { drawBottomAxis, type Area, type ValueAxis } from "./axes.js";
import { chartWidthPx, drawFrame, type LegendItem } from "./frame.js";
import { acrossPx } from "./panels.js";
import { policyLooks } from "./palette.js";
import { standsAt } from "./plot.js";
import { label, mark, softInk, whiskerLine, type Mark } from "./svg.js";
import { textWidthPx } from "./text.js";

export interface DifferencePicture {
  readonly title: string;
  readonly differences: readonly AnswerDifference[];
}

const name = "difference_picture";
const rowPx = 30;
const fontPx = 12;
const looks = policyLooks(["vllm", "dynamic"]);
const colours: Readonly<Record<AnswerDifference["verdict"], string>> = {
  better: looks.get("vllm")!.colour,
  worse: looks.get("dynamic")!.colour,
  same: softInk.fill,
  unclear: softInk.fill,
};
const words = { better: "better", worse: "worse", same: "the same", unclear: "cannot tell" } as const;

/** A value before that is closer to zero has no difference in percent. */
const LEAST_BEFORE = 1e-9;

/** The differences that can be told in percent of the value before. */
export function relativeDifferences(differences: readonly AnswerDifference[]): readonly AnswerDifference[] {
  return differences.filter(({ before }) => Math.abs(before) >= LEAST_BEFORE);
}

/** SVG text of at least one difference that can be told in percent. */
export function differencePicture({ title, differences }: DifferencePicture): string {
  const rows = relativeDifferences(differences);
  const across = axisOf(rows);
  const leftPx = 30 + greatest(rows.map(({ statistic }) => textWidthPx(statistic, fontPx)));
  const area: Area = { leftPx, topPx: 8, widthPx: chartWidthPx - leftPx - 130, heightPx: rows.length * rowPx };
  return drawFrame(
    {
      name,
      title,
      description: rows
        .map((row) => `${row.statistic}: ${percentText(share(row, row.difference))}, ${words[row.verdict]}`)
        .join("; "),
      legend,
      notes: ["Days with the same random numbers before and after the change."],
      widthPx: chartWidthPx,
      bodyHeightPx: area.heightPx + 62,
    },
    [],
    (body) => {
      drawBottomAxis(body, area, across);
      const zeroPx = acrossPx(area, across, 0);
      const bottomPx = area.topPx + area.heightPx;
      mark(body, "line", { x1: zeroPx, y1: area.topPx, x2: zeroPx, y2: bottomPx, ...whiskerLine });
      rows.forEach((row, at) => {
        drawRow(body, { row, area, across, yPx: area.topPx + (at + 0.5) * rowPx });
      });
    },
  );
}

function share({ before }: AnswerDifference, value: number): number {
  return value / Math.abs(before);
}

function percentText(fraction: number): string {
  return `${fraction > 0 ? "+" : ""}${Number((100 * fraction).toPrecision(3))} %`;
}

function axisOf(rows: readonly AnswerDifference[]): ValueAxis {
  const ends = rows.flatMap((row) =>
    [
      row.difference,
      ...[row.interval, row.of_a_day].flatMap((range) => (range === null ? [] : [range.low, range.high])),
    ].map((value) => share(row, value)),
  );
  const scale = scaleLinear([Math.min(-0.01, least(ends)), Math.max(0.01, greatest(ends))], [0, 1]).nice(6);
  return {
    label: "difference, % of the value before",
    ticks: scale.ticks(6),
    tickText: (value) => `${Number((100 * value).toPrecision(6))}`,
    fraction: (value) => scale(value),
  };
}

interface Row {
  readonly row: AnswerDifference;
  readonly area: Area;
  readonly across: ValueAxis;
  readonly yPx: number;
}

function drawRow(body: Mark, { row, area, across, yPx }: Row): void {
  const { statistic, difference, interval, of_a_day: day, verdict } = row;
  const stroke = colours[verdict];
  const x = (value: number): number => acrossPx(area, across, share(row, value));
  label(body, statistic, fontPx, { x: area.leftPx - 10, y: yPx + 4, "text-anchor": "end" });
  for (const [range, width] of [
    [day, 1.4],
    [interval, 6],
  ] as const) {
    if (range === null) continue;
    mark(body, "line", { x1: x(range.low), y1: yPx, x2: x(range.high), y2: yPx, stroke, "stroke-width": width });
  }
  const stands = standsAt(legendNames[verdict], statistic, percentText(share(row, difference)));
  mark(body, "circle", { cx: x(difference), cy: yPx, r: 4.4, fill: stroke, ...stands }, `${statistic}: ${percentText(share(row, difference))}`); // prettier-ignore
  label(body, `${percentText(share(row, difference))} ${words[verdict]}`, 11, {
    x: area.leftPx + area.widthPx + 8,
    y: yPx + 4,
    ...softInk,
  });
}

const legendNames = {
  better: "better",
  worse: "worse",
  same: "the same, or cannot tell",
  unclear: "the same, or cannot tell",
} as const;

const legend: readonly LegendItem[] = [
  [legendNames.better, colours.better],
  [legendNames.worse, colours.worse],
  [legendNames.same, colours.same],
].map(([text, fill]) => ({
  text: text!,
  draw: (swatch) => {
    mark(swatch, "line", { x1: 3, y1: 7, x2: 24, y2: 7, stroke: fill!, "stroke-width": 1.4 });
    mark(swatch, "line", { x1: 8, y1: 7, x2: 19, y2: 7, stroke: fill!, "stroke-width": 6 });
  },
}));
