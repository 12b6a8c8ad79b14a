/** Small multiples of lines on logarithmic axes: a panel for each quantity that grows, all with the same scale upwards. */
import { greatest, least } from "../../formats/index.js";
import { leftRoomPx, logAxis, scaledUnit, type ValueAxis } from "./axes.js";
import { chartWidthPx, drawFrame, drawMarker, markedLine } from "./frame.js";
import { policyLooks, type PolicyLook } from "./palette.js";
import { panelGrid } from "./panels.js";
import { drawPanels, pathOf, standsFor, type Plot } from "./plot.js";
import { mark } from "./svg.js";

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

const plotHeightPx = 170;

/** SVG text. */
export function linesPicture({ name, title, up: upwards, panels, notes }: LinesPicture): string {
  const names = panels[0]!.lines.map((line) => line.name);
  const looks = policyLooks(names);
  const unit = scaledUnit(upwards.unit, 1);
  const values = panels.flatMap(({ lines }) => lines.flatMap(({ points }) => points.map(([, y]) => y)));
  const up: ValueAxis = { ...logAxis(least(values), greatest(values), upwards.name, unit), label: `${upwards.name} (${upwards.unit})` }; // prettier-ignore
  const grid = panelGrid(panels.length, { maxColumns: 4, leftPx: leftRoomPx(up), belowPx: 30, plotHeightPx });
  return drawFrame(
    {
      name,
      title,
      description: panels.map((panel) => inWords(panel, upwards.unit)).join(" "),
      legend: names.map((text) => markedLine(text, looks.get(text)!)),
      notes: ["Both axes are logarithmic.", ...notes],
      widthPx: chartWidthPx,
      bodyHeightPx: grid.bodyHeightPx,
    },
    [],
    (body) => {
      const drawn = panels.map(({ across, lines }) => ({
        heading: across,
        across: acrossAxis(lines),
        up,
        draw: (plot: Plot) => {
          for (const line of lines) drawLine(plot, line, looks.get(line.name)!, upwards.unit);
        },
      }));
      drawPanels(body, grid.areas, drawn);
    },
  );
}

/** The heading says what it is. */
function acrossAxis(lines: readonly Line[]): ValueAxis {
  const places = lines.flatMap(({ points }) => points.map(([x]) => x));
  return { ...logAxis(least(places), greatest(places), "", scaledUnit("", 1)), label: "" };
}

function drawLine(plot: Plot, { name, points }: Line, look: PolicyLook, unit: string): void {
  const path = pathOf(points.map(([x, y]) => [plot.x(x), plot.y(y)] as const));
  if (points.length > 1) mark(plot.body, "path", { d: path, stroke: look.colour, "stroke-width": 2, fill: "none" });
  for (const point of points) {
    const [x, y] = point;
    const group = mark(plot.body, "g", standsFor(name, plot, point), `${name}, ${x}: ${figure(y)} ${unit}`);
    drawMarker(group, look, "real", plot.x(x), plot.y(y));
  }
}

function inWords({ across, lines }: LinesPicture["panels"][number], unit: string): string {
  const parts = lines.map(({ name, points }) => `${name} ${points.map(([x, y]) => `${figure(y)} ${unit} at ${x}`).join(", ")}`); // prettier-ignore
  return `Over ${across}: ${parts.join("; ")}.`;
}

function figure(value: number): string {
  return String(Number(value.toPrecision(3)));
}
