/** The best settings as dots with whiskers: a row each, the goal's value across. */
import { greatest, type AnswerTuning } from "../../../formats/index.js";
import {
  figureSvg,
  figureText,
  label,
  linearAxis,
  mark,
  policyLooks,
  rowsAxis,
  scaledUnit,
  shortened,
  whiskerLine,
  type Plot,
} from "../drawing/index.js";

export interface TunePicture {
  readonly title: string;
  readonly policy: string;
  /** In words. */
  readonly goal: string;
  readonly unit: string;
  /** At least one, the best first. */
  readonly front: AnswerTuning["front"];
}

type Row = AnswerTuning["front"][number];

const rowPx = 34;
const namesPx = 330;
const mostRows = 12;

/** SVG text; hollow dots are settings beyond what the profile measured. */
export function tunePicture({ title, policy, goal, unit, front }: TunePicture): string {
  const rows = front.slice(0, mostRows);
  const { colour } = policyLooks([policy]).get(policy)!;
  const most = greatest(rows.map(({ value, interval }) => interval?.high ?? value));
  return figureSvg({
    name: "tune_picture",
    title,
    description: `${goal}: ${rows.map((row) => `${nameOf(row)} ${figureText(row.value)} ${unit}`).join("; ")}.`,
    notes: ["Whiskers hold 9 of 10 runs; hollow dots are beyond what the profile measured."],
    layout: { indentPx: namesPx, plotHeightPx: rowPx * rows.length, topPx: 8, rightPx: 20, belowPx: 52 },
    panels: [
      {
        across: linearAxis(most, goal, scaledUnit(unit, 1)),
        up: rowsAxis,
        draw: (plot) => {
          for (const [at, row] of rows.entries()) drawRow(plot, row, (at + 0.5) / rows.length, { colour, unit });
        },
      },
    ],
  });
}

function drawRow(
  { body, x, y }: Plot,
  row: Row,
  down: number,
  { colour, unit }: { readonly colour: string; readonly unit: string },
): void {
  const { interval, value, is_beyond_calibration: isBeyond } = row;
  const [yPx, text] = [y(down), nameOf(row)];
  label(body, shortened(text, namesPx - 16, 11), 11, { x: namesPx - 8, y: yPx + 4, "text-anchor": "end" }, text);
  if (interval !== null)
    mark(body, "line", { x1: x(interval.low), y1: yPx, x2: x(interval.high), y2: yPx, ...whiskerLine });
  const look = { r: 5, fill: isBeyond ? "#ffffff" : colour, stroke: colour, "stroke-width": 2 };
  const stands = { "data-series": text, "data-x": String(value) };
  mark(body, "circle", { cx: x(value), cy: yPx, ...look, ...stands }, `${text}: ${figureText(value)} ${unit}`);
}

function nameOf({ changes }: Row): string {
  const told = Object.entries(changes).map(([setting, value]) => `${setting} ${String(value)}`);
  return told.join(", ") || "as they are";
}
