/**
 * An answer's evidence: each limited statistic over the load, with the interval of 9 of 10 runs, the region within the limit,
 * and the band of loads in which it depends on the day whether the goals hold.
 */
import { defined, greatest, least, type AnswerEvidence, type AnswerInterval } from "../../formats/index.js";
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
import { pathOf, plotOf, standsFor, type Plot } from "./plot.js";
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

/** SVG text of at least one limit, or of goodput, over at least two loads. */
export function answerPicture(picture: AnswerPicture): string {
  const { title, policy, varied, unit, evidence, limits, value, interval } = picture;
  const { colour } = policyLooks([policy]).get(policy)!;
  const across = linearAxis(greatest(evidence.map((point) => loadOf(point, varied))), varied, scaledUnit(unit, 1));
  const panels = [
    ...limits.map(({ key, limitMs }) => ({ key, limitMs, up: axisOf(key, limitMs, evidence) })),
    ...goodputPanel(picture),
  ];
  const leftPx = greatest(panels.map(({ up }) => leftRoomPx(up)));
  const { areas, bodyHeightPx } = panelGrid(panels.length, { maxColumns: 2, leftPx, belowPx: 48, plotHeightPx });
  const range = interval === null ? "" : ` (${figure(interval.low)} to ${figure(interval.high)})`;
  const words = limits.map(({ key, limitMs }) => `${key} at most ${limitMs}`).join(", ");
  const runs = evidence[0]!.replications;
  return drawFrame(
    {
      name,
      title: `${title} (${limits.length > 0 ? "ms, " : ""}${unit}), n = ${runs} runs at each of ${evidence.length} loads`,
      description: `${words} over ${varied}: ${figure(value)} ${unit}${range}.`,
      legend: legendOf(colour),
      notes: [
        `The answer: ${figure(value)} ${unit}${range}. Points: means of ${runs} runs; the coloured band holds 9 of 10 of them.`,
        ...(panels.some(({ key }) => key === GOODPUT)
          ? ["Goodput: requests per second within all limits; on the thin line every request is."]
          : []),
      ],
      widthPx: chartWidthPx,
      bodyHeightPx,
    },
    [],
    (body) => {
      for (const [at, { key, limitMs, up }] of panels.entries()) {
        const area = areas[at]!;
        drawPanelHeading(body, area, limitMs === undefined ? key : `${key}, at most ${figure(limitMs)} ms`);
        drawRegions(body, { area, across, up, colour, limitMs, value, interval });
        drawLeftAxis(body, area, up);
        drawBottomAxis(body, area, across);
        const plot = plotOf(body, area, across, up);
        if (key === GOODPUT && unit === "requests/s") drawIdeal(plot);
        drawPoints(plot, { colour, key, varied, evidence });
      }
    },
  );
}

const GOODPUT = "goodput";

/** Where the evidence says which share of the requests is within all limits. */
function goodputPanel({ evidence, varied }: AnswerPicture): { key: string; limitMs?: undefined; up: ValueAxis }[] {
  const most = greatest(evidence.map((point) => valueOf(point, GOODPUT, varied)?.mean ?? -1));
  if (most < 0) return [];
  return [{ key: GOODPUT, up: linearAxis(most, GOODPUT, scaledUnit("requests/s", 1)) }];
}

interface Value {
  readonly mean: number;
  readonly interval?: AnswerInterval | undefined;
}

/** A statistic at a load; of goodput the rate times the share within all limits. */
function valueOf(point: AnswerEvidence, key: string, varied: string): Value | undefined {
  const { statistics, intervals } = point;
  if (key !== GOODPUT) {
    return statistics[key] == null ? undefined : { mean: statistics[key], ...defined({ interval: intervals[key] }) };
  }
  const { goodput_share: share, request_throughput } = statistics;
  const rate = request_throughput ?? (varied === "request_rate" ? loadOf(point, varied) : undefined);
  if (share == null || rate === undefined) return undefined;
  const range = intervals.goodput_share;
  const interval = range === undefined ? undefined : { low: rate * range.low, high: rate * range.high };
  return { mean: rate * share, ...defined({ interval }) };
}

/** Where the served is what was asked for. */
function drawIdeal({ body, x, y, across, up }: Plot): void {
  const most = Math.min(across.ticks.at(-1)!, up.ticks.at(-1)!);
  mark(body, "line", { x1: x(0), y1: y(0), x2: x(most), y2: y(most), ...whiskerLine, "stroke-width": 0.8 });
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
  readonly limitMs: number | undefined;
  readonly value: number;
  readonly interval: AnswerInterval | null;
}

function drawRegions(body: Mark, { area, across, up, colour, limitMs, value, interval }: Regions): void {
  const bottomPx = area.topPx + area.heightPx;
  const x = (load: number): number => acrossPx(area, across, load);
  if (limitMs !== undefined) {
    const limitPx = yPx(area, up, limitMs);
    const box = { x: area.leftPx, y: limitPx, width: area.widthPx, height: bottomPx - limitPx };
    mark(body, "rect", { ...box, fill: colour, "fill-opacity": 0.1 });
    mark(body, "line", { x1: area.leftPx, y1: limitPx, x2: area.leftPx + area.widthPx, y2: limitPx, ...whiskerLine });
  }
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
  readonly colour: string;
  readonly key: string;
  readonly varied: string;
  readonly evidence: readonly AnswerEvidence[];
}

function drawPoints(plot: Plot, { colour, key, varied, evidence }: Points): void {
  const { body, x, y } = plot;
  const points = evidence.flatMap((point) => {
    const found = valueOf(point, key, varied);
    return found === undefined ? [] : [{ load: loadOf(point, varied), n: point.replications, ...found }];
  });
  points.sort((a, b) => a.load - b.load);
  const band = points.flatMap(({ load, interval }) => (interval === undefined ? [] : [{ load, ...interval }]));
  if (band.length > 1) {
    const edge = [
      ...band.map(({ load, high }) => [x(load), y(high)] as const),
      ...band.toReversed().map(({ load, low }) => [x(load), y(low)] as const),
    ];
    mark(body, "path", { d: `${pathOf(edge)}Z`, fill: colour, "fill-opacity": 0.25 });
  }
  const places = points.map(({ load, mean }) => [x(load), y(mean)] as const);
  if (places.length > 0) mark(body, "path", { d: pathOf(places), stroke: colour, "stroke-width": 2, fill: "none" });
  points.forEach(({ load, mean, n }, at) => {
    const tip = `${varied} ${figure(load)}: ${figure(mean)} ${key === GOODPUT ? "requests/s" : "ms"}`;
    const [cx, cy] = places[at]!;
    mark(body, "circle", { cx, cy, r: 3.6, fill: colour, ...standsFor(key, plot, [load, mean], n) }, tip);
  });
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
    text: "knee: depends on the day",
    draw: (swatch) => mark(swatch, "rect", { x: 6, y: 1, width: 16, height: 12, ...softInk, "fill-opacity": 0.18 }),
  },
  {
    text: "9 of 10 runs",
    draw: (swatch) => mark(swatch, "rect", { x: 6, y: 1, width: 16, height: 12, fill: colour, "fill-opacity": 0.25 }),
  },
  {
    text: "the answer",
    draw: (swatch) => mark(swatch, "path", { d: "M13,0V14", ...whiskerLine, "stroke-dasharray": "6 4" }),
  },
];
