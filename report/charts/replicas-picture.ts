/** Replicas over the time of a trace: the fixed number, the fewest of each window, and those of an autoscaler; below, the rate. */
import { greatest, type AnswerSizing } from "../../formats/index.js";
import { drawBottomAxis, drawLeftAxis, leftRoomPx, linearAxis, scaledUnit, type Area, type ValueAxis } from "./axes.js";
import { chartWidthPx, drawFrame, type LegendItem } from "./frame.js";
import { policyLooks, type PolicyLook } from "./palette.js";
import { acrossPx, drawPanelHeading, panelGrid } from "./panels.js";
import { standsAt } from "./plot.js";
import { mark, softInk, whiskerLine, type Attributes, type Mark } from "./svg.js";

export interface ReplicasPicture {
  readonly title: string;
  /** Its colour is the autoscaler's. */
  readonly policy: string;
  /** The fixed number; null: there is none. */
  readonly value: number | null;
  readonly trace: NonNullable<AnswerSizing["trace"]>;
  readonly autoscale?: NonNullable<AnswerSizing["autoscale"]>;
}

/** A value from a time on, s. */
type Steps = readonly (readonly [fromS: number, value: number])[];

const plotHeightPx = 200;
const WINDOW = "fewest of the window";
const fixedLine = { ...whiskerLine, "stroke-dasharray": "6 4" };
const windowFill = { ...softInk, "fill-opacity": 0.25 };

/** SVG text of at least one window. */
export function replicasPicture(picture: ReplicasPicture): string {
  const { title, value, trace, autoscale } = picture;
  const look = policyLooks([picture.policy]).get(picture.policy)!;
  const { windows } = trace;
  const endS = windows.at(-1)!.end_s;
  const needed: Steps = windows.map((one) => [one.start_s, one.replicas ?? 0]);
  const served: Steps = (autoscale?.timeline ?? []).map((one) => [one.at_s, one.serving]);
  const rates: Steps = windows.map((one) => [one.start_s, one.requests / Math.max(1e-9, one.end_s - one.start_s)]);
  const across = linearAxis(endS, "time", scaledUnit("s", 1));
  const most = greatest([value ?? 0, ...[...needed, ...served].map(([, count]) => count)]);
  const ups = [linearAxis(most, "replicas", scaledUnit("count", 1)), linearAxis(greatest(rates.map(([, rate]) => rate)), "arrivals", scaledUnit("requests/s", 1))]; // prettier-ignore
  const leftPx = greatest(ups.map(leftRoomPx));
  const { areas, bodyHeightPx } = panelGrid(2, { maxColumns: 1, leftPx, belowPx: 48, plotHeightPx });
  return drawFrame(
    {
      name: "replicas_picture",
      title,
      description: describe(picture),
      legend: legendOf(look, autoscale !== undefined),
      notes: autoscale === undefined ? [] : ["The autoscaler's line is of the first replication."],
      widthPx: chartWidthPx,
      bodyHeightPx,
    },
    [],
    (body) => {
      for (const [at, heading] of ["replicas", "arrivals"].entries()) {
        drawPanelHeading(body, areas[at]!, heading);
        drawLeftAxis(body, areas[at]!, ups[at]!);
        drawBottomAxis(body, areas[at]!, across);
      }
      const top = { name: WINDOW, area: areas[0]!, across, up: ups[0]!, endS };
      drawBars(body, top, needed);
      if (value !== null) drawSteps(body, top, [[0, value]], fixedLine);
      drawSteps(body, top, served, { stroke: look.colour, "stroke-width": 2, fill: "none" });
      drawBars(body, { name: "arrivals", area: areas[1]!, across, up: ups[1]!, endS }, rates);
    },
  );
}

function describe({ value, trace, autoscale }: ReplicasPicture): string {
  const counts = trace.windows.map(({ replicas }) => replicas ?? 0);
  const fixed = value === null ? "no fixed number is enough" : `${value} replicas all the time are enough`;
  const scaled = autoscale === undefined ? "" : `; the autoscaler takes up to ${autoscale.peak_replicas}`;
  return `${fixed}; window by window ${counts.join(", ")}${scaled}.`;
}

interface Plot {
  /** Of its bars. */
  readonly name: string;
  readonly area: Area;
  readonly across: ValueAxis;
  readonly up: ValueAxis;
  readonly endS: number;
}

function drawBars(body: Mark, { name, area, across, up, endS }: Plot, steps: Steps): void {
  for (const [at, [fromS, value]] of steps.entries()) {
    const [fromPx, toPx] = [fromS, steps[at + 1]?.[0] ?? endS].map((timeS) => acrossPx(area, across, timeS)) as [number, number]; // prettier-ignore
    const heightPx = area.heightPx * up.fraction(value);
    const box = { x: fromPx, y: area.topPx + area.heightPx - heightPx, width: Math.max(0, toPx - fromPx - 1), height: heightPx }; // prettier-ignore
    mark(
      body,
      "rect",
      { ...box, ...windowFill, ...standsAt(name, String(Math.round(fromS)), String(Number(value.toPrecision(6)))) },
      `from ${Math.round(fromS)} s: ${Number(value.toPrecision(3))}`,
    );
  }
}

function drawSteps(body: Mark, { area, across, up, endS }: Plot, steps: Steps, line: Attributes): void {
  if (steps.length === 0) return;
  const yPx = (value: number): string => (area.topPx + area.heightPx * (1 - up.fraction(value))).toFixed(1);
  const xPx = (timeS: number): string => acrossPx(area, across, Math.min(timeS, endS)).toFixed(1);
  const path = steps.map(([fromS, value], at) => `${at === 0 ? "M" : "H"}${xPx(fromS)}${at === 0 ? "," : "V"}${yPx(value)}`); // prettier-ignore
  mark(body, "path", { d: `${path.join("")}H${xPx(endS)}`, ...line });
}

function legendOf(look: PolicyLook, hasAutoscaler: boolean): LegendItem[] {
  const line = (text: string, attributes: Attributes): LegendItem => ({
    text,
    draw: (swatch) => mark(swatch, "path", { d: "M4,7H24", ...attributes }),
  });
  return [
    {
      text: WINDOW,
      draw: (swatch) => mark(swatch, "rect", { x: 6, y: 1, width: 16, height: 12, ...windowFill }),
    },
    line("fixed number", fixedLine),
    ...(hasAutoscaler ? [line("autoscaler", { stroke: look.colour, "stroke-width": 2, fill: "none" })] : []),
  ];
}
