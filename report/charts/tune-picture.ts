/** The best settings as dots with whiskers: a row each, the goal's value across. */
import { greatest, type AnswerTuning } from "../../formats/index.js";
import { drawBottomAxis, linearAxis, scaledUnit, type Area } from "./axes.js";
import { chartWidthPx, drawFrame } from "./frame.js";
import { policyLooks } from "./palette.js";
import { acrossPx } from "./panels.js";
import { label, mark, whiskerLine } from "./svg.js";
import { shortened } from "./text.js";

export interface TunePicture {
  readonly title: string;
  readonly policy: string;
  /** In words. */
  readonly goal: string;
  readonly unit: string;
  /** At least one, the best first. */
  readonly front: AnswerTuning["front"];
}

const rowPx = 34;
const namesPx = 330;
const mostRows = 12;

/** SVG text; hollow dots are settings beyond what the profile measured. */
export function tunePicture({ title, policy, goal, unit, front }: TunePicture): string {
  const rows = front.slice(0, mostRows);
  const look = policyLooks([policy]).get(policy)!;
  const across = linearAxis(
    greatest(rows.map(({ value, interval }) => interval?.high ?? value)),
    goal,
    scaledUnit(unit, 1),
  );
  const area: Area = { leftPx: namesPx, topPx: 8, widthPx: chartWidthPx - namesPx - 24, heightPx: rowPx * rows.length };
  const name = ({ changes }: AnswerTuning["front"][number]): string =>
    Object.entries(changes).map(([setting, value]) => `${setting} ${String(value)}`).join(", ") || "as they are"; // prettier-ignore
  return drawFrame(
    {
      name: "tune_picture",
      title,
      description: `${goal}: ${rows.map((row) => `${name(row)} ${figure(row.value)} ${unit}`).join("; ")}.`,
      legend: [],
      notes: ["Whiskers hold 9 of 10 runs; hollow dots are beyond what the profile measured."],
      widthPx: chartWidthPx,
      bodyHeightPx: area.heightPx + 60,
    },
    [],
    (body) => {
      drawBottomAxis(body, area, across);
      for (const [at, row] of rows.entries()) {
        const yPx = area.topPx + rowPx * (at + 0.5);
        const text = name(row);
        label(body, shortened(text, namesPx - 16, 11), 11, { x: namesPx - 8, y: yPx + 4, "text-anchor": "end" }, text);
        const { interval, value, is_beyond_calibration: isBeyond } = row;
        const x = (of: number): number => acrossPx(area, across, of);
        if (interval !== null) mark(body, "line", { x1: x(interval.low), y1: yPx, x2: x(interval.high), y2: yPx, ...whiskerLine }); // prettier-ignore
        const fill = isBeyond ? "#ffffff" : look.colour;
        mark(body, "circle", { cx: x(value), cy: yPx, r: 5, fill, stroke: look.colour, "stroke-width": 2, "data-series": text, "data-x": String(value) }, `${text}: ${figure(value)} ${unit}`); // prettier-ignore
      }
    },
  );
}

function figure(value: number): string {
  return String(Number(value.toPrecision(4)));
}
