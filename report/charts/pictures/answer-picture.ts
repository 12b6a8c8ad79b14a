/**
 * An answer's evidence: each limited statistic over the load, with the interval of 9 of 10 runs, the region within the limit,
 * and the band of loads in which it depends on the day whether the goals hold.
 */
import { defined, greatest, least, type AnswerEvidence, type AnswerInterval } from "../../../formats/index.js";
import {
  boxItem,
  dashed,
  drawLevel,
  drawLine,
  drawUpright,
  figureSvg,
  figureText,
  linearAxis,
  lineItem,
  mark,
  pathOf,
  policyLooks,
  scaledUnit,
  softInk,
  spanAxis,
  standsFor,
  whiskerLine,
  type Axis,
  type Panel,
  type Plot,
} from "../drawing/index.js";

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

const GOODPUT = "goodput";
const answerLine = { ...whiskerLine, ...dashed };
const kneeFill = { ...softInk, "fill-opacity": 0.18 };

/** SVG text of at least one limit, or of goodput, over at least two loads. */
export function answerPicture(picture: AnswerPicture): string {
  const { title, policy, varied, unit, evidence, limits, value, interval } = picture;
  const { colour: fill } = policyLooks([policy]).get(policy)!;
  const goodput = goodputPanel(picture, fill);
  const range = interval === null ? "" : ` (${figureText(interval.low)} to ${figureText(interval.high)})`;
  const words = limits.map(({ key, limitMs }) => `${key} at most ${limitMs}`).join(", ");
  const runs = evidence[0]!.replications;
  return figureSvg({
    name: "answer_picture",
    title: `${title} (${limits.length > 0 ? "ms, " : ""}${unit}), n = ${runs} runs at each of ${evidence.length} loads`,
    description: `${words} over ${varied}: ${figureText(value)} ${unit}${range}.`,
    legend: [
      boxItem("within the limit", { fill, "fill-opacity": 0.1 }),
      boxItem("knee: depends on the day", kneeFill),
      boxItem("9 of 10 runs", { fill, "fill-opacity": 0.25 }),
      lineItem("the answer", answerLine, "M13,0V14"),
    ],
    notes: [
      `The answer: ${figureText(value)} ${unit}${range}. Points: means of ${runs} runs; the coloured band holds 9 of 10 of them.`,
      ...(goodput.length > 0
        ? ["Goodput: requests per second within all limits; on the thin line every request is."]
        : []),
    ],
    layout: { plotHeightPx: 280 },
    panels: [...limits.map((limit) => limitPanel(picture, limit, fill)), ...goodput],
  });
}

function limitPanel(picture: AnswerPicture, { key, limitMs }: AnswerPicture["limits"][number], colour: string): Panel {
  return {
    heading: `${key}, at most ${figureText(limitMs)} ms`,
    across: loadAxis(picture),
    up: axisOf(key, limitMs, picture.evidence),
    drawUnder: (plot) => {
      const { body, area, y } = plot;
      const height = area.topPx + area.heightPx - y(limitMs);
      const box = { x: area.leftPx, y: y(limitMs), width: area.widthPx, height };
      mark(body, "rect", { ...box, fill: colour, "fill-opacity": 0.1 });
      drawLevel(plot, limitMs);
      drawAnswer(plot, picture);
    },
    draw: (plot) => {
      drawPoints(plot, key, picture, colour);
    },
  };
}

/** Where the evidence says which share of the requests is within all limits. */
function goodputPanel(picture: AnswerPicture, colour: string): Panel[] {
  const { evidence, varied, unit } = picture;
  const most = greatest(evidence.map((point) => valueOf(point, GOODPUT, varied)?.mean ?? -1));
  if (most < 0) return [];
  return [
    {
      heading: GOODPUT,
      across: loadAxis(picture),
      up: linearAxis(most, GOODPUT, scaledUnit("requests/s", 1)),
      drawUnder: (plot) => {
        drawAnswer(plot, picture);
      },
      draw: (plot) => {
        if (unit === "requests/s") drawIdeal(plot);
        drawPoints(plot, GOODPUT, picture, colour);
      },
    },
  ];
}

function loadAxis({ evidence, varied, unit }: AnswerPicture): Axis {
  return linearAxis(greatest(evidence.map((point) => loadOf(point, varied))), varied, scaledUnit(unit, 1));
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

function axisOf(key: string, limitMs: number, evidence: readonly AnswerEvidence[]): Axis {
  const ends = evidence.flatMap(({ statistics, intervals }) => [
    ...(statistics[key] == null ? [] : [statistics[key]]),
    ...(intervals[key] === undefined ? [] : [intervals[key].low, intervals[key].high]),
  ]);
  return spanAxis([least([...ends, limitMs]), greatest([...ends, limitMs])], 20, key, scaledUnit("ms", 1));
}

/** The answer, and the loads where it depends on the day. */
function drawAnswer(plot: Plot, { value, interval }: AnswerPicture): void {
  const { body, area, across, x } = plot;
  if (interval !== null) {
    const [from, to] = [x(interval.low), x(Math.min(interval.high, across.ticks.at(-1)!))];
    const band = { x: from, y: area.topPx, width: Math.max(0, to - from), height: area.heightPx };
    mark(body, "rect", { ...band, ...kneeFill });
  }
  drawUpright(plot, value, answerLine);
}

function drawPoints(plot: Plot, key: string, { varied, evidence }: AnswerPicture, colour: string): void {
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
  drawLine(body, points.map(({ load, mean }) => [x(load), y(mean)] as const), { colour }); // prettier-ignore
  for (const { load, mean, n } of points) {
    const tip = `${varied} ${figureText(load)}: ${figureText(mean)} ${key === GOODPUT ? "requests/s" : "ms"}`;
    const stands = standsFor(key, plot, [load, mean], n);
    mark(body, "circle", { cx: x(load), cy: y(mean), r: 3.6, fill: colour, ...stands }, tip);
  }
}
