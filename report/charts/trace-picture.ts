/** A trace in one picture: requests over time, and the distributions of prompt and output lengths. */
import { max } from "d3";
import type { WorkloadRequest } from "../../formats/index.js";
import {
  drawBottomAxis,
  drawLeftAxis,
  leftRoomPx,
  linearAxis,
  logAxis,
  scaledUnit,
  shareAxis,
  wantsLog,
  type Area,
  type ValueAxis,
} from "./axes.js";
import { chartWidthPx, drawFrame } from "./frame.js";
import { drawPanelHeading } from "./panels.js";
import { mark, whiskerLine, type Mark } from "./svg.js";
import { numberText } from "./text.js";

const name = "trace_picture";
const timeHeightPx = 170;
const lengthsHeightPx = 200;
const headingPx = 26;
const belowPx = 52;
const gapPx = 18;
const timeSteps = 120;
const mostSteps = 200;
const tokens = scaledUnit("tokens", 1);
const curve = { ...whiskerLine, "stroke-width": 1.8 } as const;

/** SVG text of at least one request, in order of arrival; without arrival times the lengths alone. */
export function tracePicture(requests: readonly WorkloadRequest[], title: string): string {
  const n = `n = ${requests.length.toLocaleString("en-US")} request${requests.length === 1 ? "" : "s"}`;
  const steps = arrivalSteps(requests);
  const lengthsTopPx = steps === undefined ? 0 : headingPx + timeHeightPx + belowPx;
  const lengths = [
    { heading: "Prompt length", values: ascending(requests.map(({ promptTokens }) => promptTokens)) },
    { heading: "Output length", values: ascending(requests.map(({ outputTokens }) => outputTokens)) },
  ];
  const inWords = lengths.map(({ heading, values }) => `${heading}: ${quartilesText(values)}.`);
  return drawFrame(
    {
      name,
      title: `${title} (${steps === undefined ? "" : "requests/s, "}tokens), ${n}`,
      description: `${steps === undefined ? "No arrival times." : stepsText(steps)} ${inWords.join(" ")}`,
      legend: [],
      notes: steps === undefined ? ["The trace has no arrival times."] : [stepsText(steps)],
      widthPx: chartWidthPx,
      bodyHeightPx: lengthsTopPx + headingPx + lengthsHeightPx + belowPx,
    },
    [],
    (body) => {
      if (steps !== undefined) drawArrivals(body, steps);
      const up = shareAxis("requests");
      const widthPx = (chartWidthPx - 4) / 2;
      lengths.forEach(({ heading, values }, column) => {
        const leftPx = column * widthPx + leftRoomPx(up);
        const area = {
          leftPx,
          topPx: lengthsTopPx + headingPx,
          widthPx: widthPx - leftRoomPx(up) - gapPx,
          heightPx: lengthsHeightPx,
        };
        drawPanelHeading(body, area, heading);
        drawLeftAxis(body, area, up);
        drawDistribution(body, area, values);
      });
    },
  );
}

interface ArrivalSteps {
  readonly ratesPerS: readonly number[];
  readonly stepS: number;
}

/** Mean rates over equal parts of the trace's time; undefined where there is no time. */
function arrivalSteps(requests: readonly WorkloadRequest[]): ArrivalSteps | undefined {
  const originNs = requests[0]?.arrivalNs;
  const spanNs = (requests.at(-1)?.arrivalNs ?? 0) - (originNs ?? 0);
  if (originNs === undefined || spanNs <= 0) return undefined;
  const stepNs = spanNs / timeSteps;
  const counts = new Array<number>(timeSteps).fill(0);
  for (const { arrivalNs } of requests)
    counts[Math.min(timeSteps - 1, Math.floor((arrivalNs! - originNs) / stepNs))]!++;
  return { ratesPerS: counts.map((count) => (count * 1e9) / stepNs), stepS: stepNs / 1e9 };
}

function drawArrivals(body: Mark, { ratesPerS, stepS }: ArrivalSteps): void {
  const up = linearAxis(max(ratesPerS)!, "arrivals", scaledUnit("requests/s", 1));
  const spanS = stepS * timeSteps;
  const [unit, unitS] = spanS >= 2 * 3600 ? (["h", 3600] as const) : spanS >= 120 ? (["min", 60] as const) : ["s", 1];
  const across = linearAxis(spanS / unitS, "time from the first request", scaledUnit(unit, 1));
  const leftPx = leftRoomPx(up);
  const area = { leftPx, topPx: headingPx, widthPx: chartWidthPx - leftPx - gapPx, heightPx: timeHeightPx };
  drawPanelHeading(body, area, "Requests over time");
  drawLeftAxis(body, area, up);
  drawBottomAxis(body, area, across);
  const bottomPx = area.topPx + area.heightPx;
  let path = `M${area.leftPx},${px(bottomPx)}`;
  ratesPerS.forEach((rate, step) => {
    path += `V${yPx(area, up, rate)}H${xPx(area, across, ((step + 1) * stepS) / unitS)}`;
  });
  mark(body, "path", { d: `${path}V${px(bottomPx)}`, ...curve });
}

/** A step curve from the shortest, 0 %, to the longest, 100 %. */
function drawDistribution(body: Mark, area: Area, values: Float64Array): void {
  const [least, most] = [values[0]!, values.at(-1)!];
  const across = wantsLog(least, most, 30)
    ? logAxis(least, most, "length", tokens)
    : linearAxis(most, "length", tokens);
  drawBottomAxis(body, area, across);
  const steps = Math.min(values.length, mostSteps);
  let path = `M${xPx(area, across, least)},${px(area.topPx + area.heightPx)}`;
  for (let step = 1; step <= steps; step++) {
    const rank = Math.round((step * values.length) / steps);
    path += `H${xPx(area, across, values[rank - 1]!)}V${px(area.topPx + area.heightPx * (1 - rank / values.length))}`;
  }
  mark(body, "path", { d: path, ...curve }, quartilesText(values));
}

function stepsText({ ratesPerS, stepS }: ArrivalSteps): string {
  return `Each step is the mean of ${numberText(stepS)} s; the highest is ${numberText(max(ratesPerS)!)} requests/s.`;
}

function quartilesText(values: Float64Array): string {
  const within = (share: number): string => numberText(values[Math.ceil(share * values.length) - 1]!, 6);
  return `half have at most ${within(0.5)} tokens, 90 % at most ${within(0.9)}, all at most ${within(1)}`;
}

function ascending(values: readonly number[]): Float64Array {
  return Float64Array.from(values).sort();
}

function xPx(area: Area, axis: ValueAxis, value: number): number {
  return px(area.leftPx + area.widthPx * axis.fraction(value));
}

function yPx(area: Area, axis: ValueAxis, value: number): number {
  return px(area.topPx + area.heightPx * (1 - axis.fraction(value)));
}

function px(value: number): number {
  return Math.round(value * 100) / 100;
}
