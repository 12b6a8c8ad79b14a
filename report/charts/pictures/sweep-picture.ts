/** A sweep: statistics over the axis that was swept, a panel each, a line for each setting, with the interval of 9 of 10 runs. */
import { mean, rollup } from "d3";
import { greatest, least } from "../../../formats/index.js";
import {
  drawLine,
  drawMarker,
  figureSvg,
  figureText,
  linearAxis,
  mark,
  lineLegend,
  scaledUnit,
  spanAxis,
  standsFor,
  type Axis,
  type Plot,
} from "../drawing/index.js";

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

/** SVG text. Cells at one place of a line (seeds) are points above each other, which the line joins at their mean. */
export function sweepPicture({ title, axis, statistics, lines: all }: SweepPicture): string {
  const lines = all.slice(0, mostLines);
  const names = lines.map(({ name }) => name);
  const most = greatest(lines.flatMap(({ points }) => points.map(({ x }) => x)));
  const across = linearAxis(most, axis, scaledUnit(axis === "request_rate" ? "requests/s" : "", 1));
  const left = all.length - lines.length;
  return figureSvg({
    name: "sweep_picture",
    title,
    description: `${statistics.join(", ")} over ${axis}, of ${names.join("; ")}.`,
    legend: lineLegend({ schedulers: names, sources: [] }),
    notes: [
      "Bars hold 9 of 10 runs.",
      ...(left === 0 ? [] : [`${left} more lines are in the table only: there are ${mostLines} colours.`]),
    ],
    policies: names,
    layout: { plotHeightPx: 240 },
    panels: statistics.map((heading, at) => ({
      heading,
      across,
      up: axisOf(heading, lines, at),
      draw: (plot) => {
        for (const line of lines) drawSwept(plot, line, at);
      },
    })),
  });
}

function axisOf(name: string, lines: readonly SweptLine[], at: number): Axis {
  const ends = lines.flatMap(({ points }) =>
    points.flatMap(({ values }) => {
      const { value, low, high } = values[at]!;
      return [value, low, high].filter((end) => end !== null);
    }),
  );
  return spanAxis([least(ends), greatest(ends)], 20, name, scaledUnit("ms", 1));
}

/** `at`: which statistic. */
function drawSwept(plot: Plot, { name, points }: SweptLine, at: number): void {
  const look = plot.look(name);
  const { body, x: xPx, y: yPx } = plot;
  const known = points.flatMap(({ x, values }) => {
    const { value, low, high } = values[at]!;
    return value === null ? [] : [{ x, value, low, high }];
  });
  const means = rollup(known, (here) => mean(here, ({ value }) => value)!, ({ x }) => x); // prettier-ignore
  drawLine(body, [...means].map(([x, value]) => [xPx(x), yPx(value)] as const), { colour: look.colour }); // prettier-ignore
  for (const { x, value, low, high } of known) {
    if (low !== null && high !== null) {
      const bar = { stroke: look.colour, "stroke-width": 1.4, "stroke-opacity": 0.6 };
      mark(body, "line", { x1: xPx(x), y1: yPx(low), x2: xPx(x), y2: yPx(high), ...bar });
    }
    const tip = `${name}, ${x}: ${figureText(value)} ms`;
    drawMarker(mark(body, "g", standsFor(name, plot, [x, value]), tip), look, "real", [xPx(x), yPx(value)]);
  }
}
