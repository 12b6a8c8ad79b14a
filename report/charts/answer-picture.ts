/**
 * An answer's evidence: each limited statistic over the load, with the interval of 9 of 10 runs, the region within the limit,
 * and the band of loads in which it depends on the day whether the goals hold.
 */
import { greatest, least, type AnswerEvidence, type AnswerInterval } from "../../formats/index.js";
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
import { chartWidthPx, drawFrame, type LegendItem } from "./frame.js";
import { policyLooks } from "./palette.js";
import { acrossPx, drawPanelHeading, panelGrid } from "./panels.js";
import { mark, softInk, whiskerLine, type Mark } from "./svg.js";

export interface AnswerPicture {
  readonly title: string;
  /** Whose colour it has. */
  readonly policy: string;
  /** What is varied, a key of the evidence, and its unit. */
  readonly varied: string;
  readonly unit: string;
  readonly evidence: readonly AnswerEvidence[];
  /** A panel each: keys of the evidence's statistics, ms. */
  readonly limits: readonly { readonly key: string; readonly limitMs: number }[];
  readonly value: number;
  readonly interval: AnswerInterval | null;
}

const name = "answer_picture";
const plotHeightPx = 280;

/** SVG text of at least one limit, over at least two loads. */
export function answerPicture(picture: AnswerPicture): string {
  const { title, policy, varied, unit, evidence, limits, value, interval } = picture;
  const { colour } = policyLooks([policy]).get(policy)!;
  const across = linearAxis(greatest(evidence.map((point) => loadOf(point, varied))), varied, scaledUnit(unit, 1));
  const ups = limits.map(({ key, limitMs }) => axisOf(key, limitMs, evidence));
  const leftPx = greatest(ups.map(leftRoomPx));
  const { areas, bodyHeightPx } = panelGrid(limits.length, { maxColumns: 2, leftPx, belowPx: 48, plotHeightPx });
  const range = interval === null ? "" : ` (${figure(interval.low)} to ${figure(interval.high)})`;
  const words = limits.map(({ key, limitMs }) => `${key} at most ${limitMs}`).join(", ");
  return drawFrame(
    {
      name,
      title,
      description: `${words} over ${varied}: ${figure(value)} ${unit}${range}.`,
      legend: legendOf(colour),
      notes: [`Means of ${evidence[0]!.replications} runs; whiskers hold 9 of 10 of them.`],
      widthPx: chartWidthPx,
      bodyHeightPx,
    },
    [],
    (body) => {
      for (const [at, { key, limitMs }] of limits.entries()) {
        const area = areas[at]!;
        const up = ups[at]!;
        drawPanelHeading(body, area, key);
        drawRegions(body, { area, across, up, colour, limitMs, value, interval });
        drawLeftAxis(body, area, up);
        drawBottomAxis(body, area, across);
        drawPoints(body, { area, across, up, colour, key, varied, evidence });
      }
    },
  );
}

function loadOf({ varied }: AnswerEvidence, key: string): number {
  return Number(varied[key]);
}

function axisOf(key: string, limitMs: number, evidence: readonly AnswerEvidence[]): ValueAxis {
  const ends = evidence.flatMap(({ statistics, intervals }) => [
    ...(statistics[key] == null ? [] : [statistics[key]]),
    ...(intervals[key] === undefined ? [] : [intervals[key].low, intervals[key].high]),
  ]);
  const high = greatest([...ends, limitMs]);
  const low = least([...ends, limitMs]);
  const unit = scaledUnit("ms", 1);
  return wantsLog(low, high, 20) ? logAxis(low, high, key, unit) : linearAxis(high, key, unit);
}

interface Regions {
  readonly area: Area;
  readonly across: ValueAxis;
  readonly up: ValueAxis;
  readonly colour: string;
  readonly limitMs: number;
  readonly value: number;
  readonly interval: AnswerInterval | null;
}

function drawRegions(body: Mark, { area, across, up, colour, limitMs, value, interval }: Regions): void {
  const limitPx = yPx(area, up, limitMs);
  const bottomPx = area.topPx + area.heightPx;
  const x = (load: number): number => acrossPx(area, across, load);
  mark(body, "rect", {
    x: area.leftPx,
    y: limitPx,
    width: area.widthPx,
    height: bottomPx - limitPx,
    fill: colour,
    "fill-opacity": 0.1,
  });
  mark(body, "line", { x1: area.leftPx, y1: limitPx, x2: area.leftPx + area.widthPx, y2: limitPx, ...whiskerLine });
  if (interval !== null) {
    const [from, to] = [x(interval.low), x(Math.min(interval.high, across.ticks.at(-1)!))];
    const band = { x: from, y: area.topPx, width: Math.max(0, to - from), height: area.heightPx };
    mark(body, "rect", { ...band, ...softInk, "fill-opacity": 0.18 });
  }
  mark(body, "line", {
    x1: x(value),
    y1: area.topPx,
    x2: x(value),
    y2: bottomPx,
    ...whiskerLine,
    "stroke-dasharray": "6 4",
  });
}

interface Points {
  readonly area: Area;
  readonly across: ValueAxis;
  readonly up: ValueAxis;
  readonly colour: string;
  readonly key: string;
  readonly varied: string;
  readonly evidence: readonly AnswerEvidence[];
}

function drawPoints(body: Mark, { area, across, up, colour, key, varied, evidence }: Points): void {
  const known = evidence.filter(({ statistics }) => statistics[key] != null);
  const points = known.map((point) => ({
    x: acrossPx(area, across, loadOf(point, varied)),
    y: yPx(area, up, point.statistics[key]!),
    point,
  }));
  const path = points.map(({ x, y }) => `${x.toFixed(2)},${y.toFixed(2)}`).join("L");
  mark(body, "path", { d: `M${path}`, stroke: colour, "stroke-width": 2, fill: "none" });
  for (const { x, y, point } of points) {
    const interval = point.intervals[key];
    if (interval !== undefined) {
      const [y1, y2] = [yPx(area, up, interval.low), yPx(area, up, interval.high)];
      mark(body, "line", { x1: x, y1, x2: x, y2, ...whiskerLine });
    }
    const tip = `${varied} ${figure(loadOf(point, varied))}: ${figure(point.statistics[key]!)} ms`;
    mark(body, "circle", { cx: x, cy: y, r: 3.6, fill: colour }, tip);
  }
}

function yPx(area: Area, up: ValueAxis, value: number): number {
  return area.topPx + area.heightPx * (1 - Math.min(1, Math.max(0, up.fraction(value))));
}

function figure(value: number): string {
  return String(Number(value.toPrecision(4)));
}

const legendOf = (colour: string): readonly LegendItem[] => [
  {
    text: "within the limit",
    draw: (swatch) => mark(swatch, "rect", { x: 6, y: 1, width: 16, height: 12, fill: colour, "fill-opacity": 0.1 }),
  },
  {
    text: "depends on the day",
    draw: (swatch) => mark(swatch, "rect", { x: 6, y: 1, width: 16, height: 12, ...softInk, "fill-opacity": 0.18 }),
  },
  {
    text: "the answer",
    draw: (swatch) => mark(swatch, "path", { d: "M13,0V14", ...whiskerLine, "stroke-dasharray": "6 4" }),
  },
];
