/** A sweep: statistics over the axis that was swept, a panel each, a line for each setting, with the interval of 9 of 10 runs. */
import { greatest, least } from "../../formats/index.js";
import {
  drawBottomAxis,
  drawLeftAxis,
  leftRoomPx,
  linearAxis,
  logAxis,
  scaledUnit,
  wantsLog,
  type Area,
  type ValueAxis,
} from "./axes.js";
import { chartWidthPx, drawFrame, drawMarker, markedLine } from "./frame.js";
import { policyLooks, type PolicyLook } from "./palette.js";
import { acrossPx, drawPanelHeading, panelGrid } from "./panels.js";
import { standsAt } from "./plot.js";
import { mark, type Mark } from "./svg.js";

interface SweptPoint {
  readonly x: number;
  /** By statistic; null where it is not known. */
  readonly values: readonly {
    readonly value: number | null;
    readonly low: number | null;
    readonly high: number | null;
  }[];
}

interface SweptLine {
  readonly name: string;
  readonly points: readonly SweptPoint[];
}

export interface SweepPicture {
  readonly title: string;
  /** What was swept, such as request_rate. */
  readonly axis: string;
  /** At least one, ms. */
  readonly statistics: readonly string[];
  readonly lines: readonly SweptLine[];
}

/** As many as there are colours. */
const mostLines = 9;
const plotHeightPx = 240;

/** SVG text. Cells at one place of a line (seeds) are points above each other, which the line joins at their mean. */
export function sweepPicture({ title, axis, statistics, lines: all }: SweepPicture): string {
  const lines = all.slice(0, mostLines);
  const looks = policyLooks(lines.map(({ name }) => name));
  const across = linearAxis(greatest(lines.flatMap(({ points }) => points.map(({ x }) => x))), axis, scaledUnit(axis === "request_rate" ? "requests/s" : "", 1)); // prettier-ignore
  const ups = statistics.map((name, at) => axisOf(name, lines, at));
  const leftPx = greatest(ups.map(leftRoomPx));
  const { areas, bodyHeightPx } = panelGrid(statistics.length, { maxColumns: 2, leftPx, belowPx: 48, plotHeightPx });
  const left = all.length - lines.length;
  return drawFrame(
    {
      name: "sweep_picture",
      title,
      description: `${statistics.join(", ")} over ${axis}, of ${lines.map(({ name }) => name).join("; ")}.`,
      legend: lines.map(({ name }) => markedLine(name, looks.get(name)!)),
      notes: [
        "Bars hold 9 of 10 runs.",
        ...(left === 0 ? [] : [`${left} more lines are in the table only: there are ${mostLines} colours.`]),
      ],
      widthPx: chartWidthPx,
      bodyHeightPx,
    },
    [],
    (body) => {
      for (const [at, name] of statistics.entries()) {
        const area = areas[at]!;
        const up = ups[at]!;
        drawPanelHeading(body, area, name);
        drawLeftAxis(body, area, up);
        drawBottomAxis(body, area, across);
        for (const line of lines) drawLine(body, line, { area, across, up, at, look: looks.get(line.name)! });
      }
    },
  );
}

function axisOf(name: string, lines: readonly SweptLine[], at: number): ValueAxis {
  const ends = lines.flatMap(({ points }) =>
    points.flatMap(({ values }) => {
      const { value, low, high } = values[at]!;
      return [value, low, high].filter((end) => end !== null);
    }),
  );
  const unit = scaledUnit("ms", 1);
  const [low, high] = [least(ends), greatest(ends)];
  return wantsLog(low, high, 20) ? logAxis(low, high, name, unit) : linearAxis(high, name, unit);
}

interface Place {
  readonly area: Area;
  readonly across: ValueAxis;
  readonly up: ValueAxis;
  /** Which statistic. */
  readonly at: number;
  readonly look: PolicyLook;
}

function drawLine(body: Mark, { name, points }: SweptLine, { area, across, up, at, look }: Place): void {
  const yPx = (value: number): number =>
    area.topPx + area.heightPx * (1 - Math.min(1, Math.max(0, up.fraction(value))));
  const known = points.flatMap(({ x, values }) => {
    const { value, low, high } = values[at]!;
    return value === null ? [] : [{ x, value, low, high }];
  });
  const places = [...new Set(known.map(({ x }) => x))].map((x) => {
    const here = known.filter((point) => point.x === x);
    return { x, mean: here.reduce((sum, { value }) => sum + value, 0) / here.length };
  });
  const path = places.map(({ x, mean }) => `${acrossPx(area, across, x).toFixed(2)},${yPx(mean).toFixed(2)}`).join("L");
  if (places.length > 1) mark(body, "path", { d: `M${path}`, stroke: look.colour, "stroke-width": 2, fill: "none" });
  for (const { x, value, low, high } of known) {
    const xPx = acrossPx(area, across, x);
    if (low !== null && high !== null) {
      const bar = { stroke: look.colour, "stroke-width": 1.4, "stroke-opacity": 0.6 };
      mark(body, "line", { x1: xPx, y1: yPx(low), x2: xPx, y2: yPx(high), ...bar });
    }
    const exact = String(Number(value.toPrecision(6)));
    const tip = `${name}, ${String(x)}: ${String(Number(value.toPrecision(4)))} ms`;
    drawMarker(mark(body, "g", standsAt(name, String(x), exact), tip), look, "real", xPx, yPx(value));
  }
}
