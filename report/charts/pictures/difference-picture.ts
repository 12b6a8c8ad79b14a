/**
 * What a change does: a row for each statistic with the difference in percent of the value before, the interval of its
 * mean (thick) and that of 9 of 10 days (thin), on both sides of a line at no difference.
 */
import { scaleLinear } from "d3";
import { greatest, least, type AnswerDifference } from "../../../formats/index.js";
import {
  drawUpright,
  figureSvg,
  label,
  mark,
  policyLooks,
  rowsAxis,
  softInk,
  textWidthPx,
  type Axis,
  type LegendItem,
  type Plot,
} from "../drawing/index.js";

export interface DifferencePicture {
  readonly title: string;
  readonly differences: readonly AnswerDifference[];
}

const rowPx = 30;
const fontPx = 12;
const looks = policyLooks(["vllm", "dynamic"]);
const unsure = { words: "the same, or cannot tell", colour: softInk.fill };
/** What a verdict is called beside its row and in the legend. */
const verdicts: Readonly<Record<AnswerDifference["verdict"], { words: string; colour: string; said: string }>> = {
  better: { words: "better", colour: looks.get("vllm")!.colour, said: "better" },
  worse: { words: "worse", colour: looks.get("dynamic")!.colour, said: "worse" },
  same: { ...unsure, said: "the same" },
  unclear: { ...unsure, said: "cannot tell" },
};

/** A value before that is closer to zero has no difference in percent. */
const LEAST_BEFORE = 1e-9;

/** The differences that can be told in percent of the value before. */
export function relativeDifferences(differences: readonly AnswerDifference[]): readonly AnswerDifference[] {
  return differences.filter(({ before }) => Math.abs(before) >= LEAST_BEFORE);
}

/** SVG text of at least one difference that can be told in percent. */
export function differencePicture({ title, differences }: DifferencePicture): string {
  const rows = relativeDifferences(differences);
  const namesPx = 30 + greatest(rows.map(({ statistic }) => textWidthPx(statistic, fontPx)));
  const told = rows.map((row) => `${row.statistic}: ${percentOf(row)}, ${verdicts[row.verdict].said}`);
  return figureSvg({
    name: "difference_picture",
    title,
    description: told.join("; "),
    legend: (["better", "worse", "same"] as const).map(legendItem),
    notes: ["Days with the same random numbers before and after the change."],
    layout: { indentPx: namesPx, plotHeightPx: rows.length * rowPx, topPx: 8, rightPx: 126, belowPx: 54 },
    panels: [
      {
        across: axisOf(rows),
        up: rowsAxis,
        draw: (plot) => {
          drawUpright(plot, 0);
          for (const [at, row] of rows.entries()) drawRow(plot, row, (at + 0.5) / rows.length);
        },
      },
    ],
  });
}

function share({ before }: AnswerDifference, value: number): number {
  return value / Math.abs(before);
}

function percentOf(row: AnswerDifference): string {
  const fraction = share(row, row.difference);
  return `${fraction > 0 ? "+" : ""}${Number((100 * fraction).toPrecision(3))} %`;
}

function axisOf(rows: readonly AnswerDifference[]): Axis {
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

function drawRow(plot: Plot, row: AnswerDifference, down: number): void {
  const { body, area } = plot;
  const { statistic, difference, interval, of_a_day: day, verdict } = row;
  const { words, colour, said } = verdicts[verdict];
  const yPx = plot.y(down);
  const x = (value: number): number => plot.x(share(row, value));
  label(body, statistic, fontPx, { x: area.leftPx - 10, y: yPx + 4, "text-anchor": "end" });
  for (const [range, width] of [
    [day, 1.4],
    [interval, 6],
  ] as const) {
    if (range === null) continue;
    mark(body, "line", {
      x1: x(range.low),
      y1: yPx,
      x2: x(range.high),
      y2: yPx,
      stroke: colour,
      "stroke-width": width,
    });
  }
  const percent = percentOf(row);
  const stands = { "data-series": words, "data-x": statistic, "data-y": percent };
  mark(body, "circle", { cx: x(difference), cy: yPx, r: 4.4, fill: colour, ...stands }, `${statistic}: ${percent}`);
  label(body, `${percent} ${said}`, 11, { x: area.leftPx + area.widthPx + 8, y: yPx + 4, ...softInk });
}

function legendItem(verdict: AnswerDifference["verdict"]): LegendItem {
  const { words: text, colour: stroke } = verdicts[verdict];
  return {
    text,
    draw: (swatch) => {
      mark(swatch, "line", { x1: 3, y1: 7, x2: 24, y2: 7, stroke, "stroke-width": 1.4 });
      mark(swatch, "line", { x1: 8, y1: 7, x2: 19, y2: 7, stroke, "stroke-width": 6 });
    },
  };
}
