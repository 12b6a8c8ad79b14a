/** Small multiples of lines on logarithmic axes: a panel for each quantity that grows, all with the same scale upwards. */
import { greatest, least } from "../../../formats/index.js";
import {
  drawLine,
  drawMarker,
  figureSvg,
  figureText,
  logAxis,
  mark,
  lineLegend,
  scaledUnit,
  standsFor,
  type Axis,
  type Plot,
} from "../drawing/index.js";

interface Line {
  readonly name: string;
  /** In the order of x; x and y above zero. */
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface LinesPicture {
  /** File name without ending. */
  readonly name: string;
  readonly title: string;
  readonly up: { readonly name: string; readonly unit: string };
  /** At least one, each with the same lines. */
  readonly panels: readonly { readonly across: string; readonly lines: readonly Line[] }[];
  readonly notes: readonly string[];
}

/** SVG text. */
export function linesPicture({ name, title, up: upwards, panels, notes }: LinesPicture): string {
  const names = panels[0]!.lines.map((line) => line.name);
  const values = panels.flatMap(({ lines }) => lines.flatMap(({ points }) => points.map(([, y]) => y)));
  const axis = logAxis(least(values), greatest(values), upwards.name, scaledUnit(upwards.unit, 1));
  return figureSvg({
    name,
    title,
    description: panels.map((panel) => inWords(panel, upwards.unit)).join(" "),
    legend: lineLegend({ schedulers: names, sources: [] }),
    notes: ["Both axes are logarithmic.", ...notes],
    policies: names,
    layout: { columns: Math.min(panels.length, 4), plotHeightPx: 170, belowPx: 30 },
    panels: panels.map(({ across, lines }) => ({
      heading: across,
      across: acrossAxis(lines),
      up: { ...axis, label: `${upwards.name} (${upwards.unit})` },
      draw: (plot) => {
        for (const line of lines) drawOne(plot, line, upwards.unit);
      },
    })),
  });
}

/** The heading says what it is. */
function acrossAxis(lines: readonly Line[]): Axis {
  const places = lines.flatMap(({ points }) => points.map(([x]) => x));
  return { ...logAxis(least(places), greatest(places), "", scaledUnit("", 1)), label: "" };
}

function drawOne(plot: Plot, { name, points }: Line, unit: string): void {
  const look = plot.look(name);
  const places = points.map(([x, y]) => [plot.x(x), plot.y(y)] as const);
  drawLine(plot.body, places, { colour: look.colour });
  for (const [at, point] of points.entries()) {
    const tip = `${name}, ${point[0]}: ${figureText(point[1], 3)} ${unit}`;
    drawMarker(mark(plot.body, "g", standsFor(name, plot, point), tip), look, "real", places[at]!);
  }
}

function inWords({ across, lines }: LinesPicture["panels"][number], unit: string): string {
  const parts = lines.map(({ name, points }) => `${name} ${points.map(([x, y]) => `${figureText(y, 3)} ${unit} at ${x}`).join(", ")}`); // prettier-ignore
  return `Over ${across}: ${parts.join("; ")}.`;
}
