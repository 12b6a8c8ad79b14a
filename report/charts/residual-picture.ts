/**
 * How well a calibration's model meets what was measured: modelled against measured batches, and the error by batch size.
 * Shapes that the fit has not seen are squares. Times are nanoseconds, shown in ms or s.
 */
import { max, min } from "d3";
import {
  errorAxis,
  drawBottomAxis,
  drawLeftAxis,
  leftRoomPx,
  linearAxis,
  logAxis,
  scaledUnit,
  timeUnit,
  wantsLog,
  type Area,
  type ValueAxis,
} from "./axes.js";
import { chartWidthPx, drawFrame, markerPath, type LegendItem } from "./frame.js";
import { policyLooks } from "./palette.js";
import { drawPanelHeading, panelGrid } from "./panels.js";
import { mark, paper, softInk, whiskerLine, type Mark } from "./svg.js";

/** A shape's batch time as measured (median of its repeats) and as modelled. */
export interface ResidualPoint {
  readonly batchSize: number;
  readonly promptTokens: number;
  readonly decodeSteps: number;
  readonly realNs: number;
  readonly modelNs: number;
  /** Kept out of the fit. */
  readonly heldOut: boolean;
}

const name = "residual_picture";
const plotHeightPx = 330;
const BAND = 0.1;
/** Colours and markers of the palette; no policies here. */
const looks = policyLooks(["naive", "dynamic"]);
const seenLook = looks.get("naive")!;
const unseenLook = looks.get("dynamic")!;

/** SVG text of at least one shape. */
export function residualPicture(points: readonly ResidualPoint[], title: string): string {
  const [low, high] = [min(points, fastest)! / 1e9, max(points, slowest)! / 1e9];
  const unit = timeUnit(high);
  const timeAxis = (label: string): ValueAxis =>
    wantsLog(low, high, 20) ? logAxis(low, high, label, unit) : linearAxis(high, label, unit);
  const [across, up] = [timeAxis("measured"), timeAxis("modelled")];
  const sizes = [...new Set(points.map(({ batchSize }) => batchSize))].sort((a, b) => a - b);
  const rows = logAxis(sizes[0]!, sizes.at(-1)!, "batch size", scaledUnit("rows", 1));
  const errors = errorAxis(
    Math.max(
      max(points, (point) => Math.abs(errorOf(point)))!,
      BAND,
    ),
  );
  const leftPx = Math.max(leftRoomPx(up), leftRoomPx(errors));
  const { areas, bodyHeightPx } = panelGrid(2, { maxColumns: 2, leftPx, belowPx: 48, plotHeightPx });
  const unseen = points.filter(({ heldOut }) => heldOut);
  const seen = points.filter(({ heldOut }) => !heldOut);
  const words = [closeness("shapes of the fit", seen), closeness("held out", unseen)];
  return drawFrame(
    {
      name,
      title: `${title} (${unit.name}, %), n = ${points.length.toLocaleString("en-US")} shape${points.length === 1 ? "" : "s"}`,
      description: `Whole batches, modelled against measured, and the error by batch size. ${words.join(" ")}`,
      legend,
      notes: [...words, "Each point is the median of a shape's repeats; hover for the shape."],
      widthPx: chartWidthPx,
      bodyHeightPx,
    },
    [],
    (body) => {
      const [left, right] = [areas[0]!, areas[1]!];
      drawPanelHeading(body, left, "Modelled against measured");
      drawLeftAxis(body, left, up);
      drawBottomAxis(body, left, across);
      drawDiagonal(body, left, across);
      drawPanelHeading(body, right, "Error by batch size");
      drawLeftAxis(body, right, errors);
      drawBottomAxis(body, right, rows);
      drawZero(body, right, errors);
      for (const point of points) {
        drawPoint(body, left, across.fraction(point.realNs / 1e9), up.fraction(point.modelNs / 1e9), point);
        drawPoint(body, right, rows.fraction(point.batchSize), errors.fraction(errorOf(point)), point);
      }
    },
  );
}

function errorOf({ realNs, modelNs }: ResidualPoint): number {
  return modelNs / realNs - 1;
}

function fastest({ realNs, modelNs }: ResidualPoint): number {
  return Math.min(realNs, modelNs);
}

function slowest({ realNs, modelNs }: ResidualPoint): number {
  return Math.max(realNs, modelNs);
}

function drawDiagonal(body: Mark, area: Area, across: ValueAxis): void {
  const [low, high] = [across.ticks[0]!, across.ticks.at(-1)!].map((tick) => across.fraction(tick)) as [number, number];
  const x = (fraction: number): number => area.leftPx + area.widthPx * fraction;
  const y = (fraction: number): number => area.topPx + area.heightPx * (1 - fraction);
  mark(body, "line", { x1: x(low), y1: y(low), x2: x(high), y2: y(high), ...whiskerLine });
}

function drawZero(body: Mark, area: Area, errors: ValueAxis): void {
  const y = (value: number): number => area.topPx + area.heightPx * (1 - errors.fraction(value));
  const band = { x: area.leftPx, y: y(BAND), width: area.widthPx, height: y(-BAND) - y(BAND) };
  mark(body, "rect", { ...band, ...softInk, "fill-opacity": 0.12 });
  mark(body, "line", { x1: area.leftPx, y1: y(0), x2: area.leftPx + area.widthPx, y2: y(0), ...whiskerLine });
}

function drawPoint(body: Mark, area: Area, across: number, up: number, point: ResidualPoint): void {
  const { batchSize, promptTokens, decodeSteps, heldOut } = point;
  const error = 100 * errorOf(point);
  const tip =
    `${batchSize} rows of ${promptTokens} tokens, ${decodeSteps} decode steps${heldOut ? ", held out" : ""}: ` +
    `${error >= 0 ? "+" : ""}${error.toFixed(1)} %`;
  const [x, y] = [area.leftPx + area.widthPx * across, area.topPx + area.heightPx * (1 - up)];
  const transform = `translate(${x.toFixed(2)},${y.toFixed(2)})`;
  mark(body, "path", { d: markerPath(heldOut ? unseenLook : seenLook, 40), transform, ...lookOf(heldOut) }, tip);
}

function lookOf(heldOut: boolean) {
  return heldOut
    ? { ...paper, stroke: unseenLook.colour, "stroke-width": 1.8 }
    : { fill: seenLook.colour, "fill-opacity": 0.7, stroke: seenLook.colour };
}

const legend: readonly LegendItem[] = [
  ...[false, true].map((heldOut) => ({
    text: heldOut ? "held out of the fit" : "in the fit",
    draw: (swatch: Mark) =>
      mark(swatch, "path", {
        d: markerPath(heldOut ? unseenLook : seenLook, 40),
        transform: "translate(14,7)",
        ...lookOf(heldOut),
      }),
  })),
  {
    text: "within 10 %",
    draw: (swatch) => mark(swatch, "rect", { x: 6, y: 1, width: 16, height: 12, ...softInk, "fill-opacity": 0.12 }),
  },
];

/** `held out: 8 of 10 within 10 %.` */
function closeness(what: string, points: readonly ResidualPoint[]): string {
  const close = points.filter((point) => Math.abs(errorOf(point)) <= BAND).length;
  return `${what}: ${close} of ${points.length} within ${100 * BAND} %.`;
}
