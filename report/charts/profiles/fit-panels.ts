/**
 * How well a model meets what was measured, as two panels: modelled against measured times, and the error by what the points
 * differ in. Any number of kinds of points, each with a look of its own. Times are nanoseconds, shown in ms or s.
 */
import { greatest, least } from "../../../formats/index.js";
import {
  boxItem,
  CLOSE,
  closeBand,
  drawClose,
  drawDiagonal,
  errorAxis,
  mark,
  markerItem,
  markerPath,
  paper,
  spanAxis,
  standsFor,
  timeUnit,
  type Attributes,
  type Axis,
  type LegendItem,
  type Panel,
  type Plot,
  type PolicyLook,
} from "../drawing/index.js";

export interface FitPoint {
  readonly kind: string;
  readonly measuredNs: number;
  readonly modelledNs: number;
  /** Its place on the axis of the errors. */
  readonly by: number;
  /** What it is, for people; the error is added. */
  readonly text: string;
}

export interface FitKind {
  readonly name: string;
  readonly look: PolicyLook;
  readonly isHollow: boolean;
}

export interface FitScene {
  /** At least one. */
  readonly points: readonly FitPoint[];
  readonly kinds: readonly FitKind[];
  /** `modelled` or `simulated`. */
  readonly made: string;
  /** Across the errors. */
  readonly by: { readonly heading: string; readonly axis: Axis };
}

const AREA_PX2 = 40;

export function fitPanels({ points, kinds, made, by }: FitScene): readonly (Panel & { readonly heading: string })[] {
  const ends = points.flatMap(({ measuredNs, modelledNs }) => [measuredNs / 1e9, modelledNs / 1e9]);
  const [low, high] = [least(ends), greatest(ends)];
  const unit = timeUnit(high);
  const errors = errorAxis(Math.max(greatest(points.map((point) => Math.abs(errorOf(point)))), CLOSE));
  const looks = new Map(kinds.map((kind) => [kind.name, kind]));
  const drawAll = (plot: Plot, placeOf: (point: FitPoint) => readonly [number, number]): void => {
    for (const point of points) drawPoint(plot, looks.get(point.kind)!, point, placeOf(point));
  };
  return [
    {
      heading: `${made[0]!.toUpperCase()}${made.slice(1)} against measured times`,
      across: spanAxis([low, high], 20, "measured", unit),
      up: spanAxis([low, high], 20, made, unit),
      draw: (plot) => {
        drawDiagonal(plot);
        drawAll(plot, ({ measuredNs, modelledNs }) => [measuredNs / 1e9, modelledNs / 1e9]);
      },
    },
    {
      heading: by.heading,
      across: by.axis,
      up: errors,
      draw: (plot) => {
        drawClose(plot);
        drawAll(plot, (point) => [point.by, errorOf(point)]);
      },
    },
  ];
}

/** The unit of its times. */
export function fitUnit(points: readonly FitPoint[]): string {
  return timeUnit(greatest(points.map(({ measuredNs, modelledNs }) => Math.max(measuredNs, modelledNs))) / 1e9).name;
}

/** `held out: 8 of 10 within 10 %.` */
export function closeness(what: string, points: readonly FitPoint[]): string {
  const close = points.filter((point) => Math.abs(errorOf(point)) <= CLOSE).length;
  return `${what}: ${close} of ${points.length} within ${100 * CLOSE} %.`;
}

export function fitLegend(kinds: readonly FitKind[]): LegendItem[] {
  return [
    ...kinds.map((kind) => markerItem(kind.name, kind.look, AREA_PX2, lookOf(kind))),
    boxItem("within 10 %", closeBand),
  ];
}

function errorOf({ measuredNs, modelledNs }: FitPoint): number {
  return modelledNs / measuredNs - 1;
}

function drawPoint(plot: Plot, kind: FitKind, point: FitPoint, place: readonly [number, number]): void {
  const error = 100 * errorOf(point);
  const tip = `${point.text}: ${error >= 0 ? "+" : ""}${error.toFixed(1)} %`;
  const transform = `translate(${plot.x(place[0])},${plot.y(place[1])})`;
  const at = { d: markerPath(kind.look, AREA_PX2), transform, ...lookOf(kind) };
  mark(plot.body, "path", { ...at, ...standsFor(kind.name, plot, place) }, tip);
}

function lookOf({ look: { colour }, isHollow }: FitKind): Attributes {
  return isHollow
    ? { ...paper, stroke: colour, "stroke-width": 1.8 }
    : { fill: colour, "fill-opacity": 0.7, stroke: colour };
}
