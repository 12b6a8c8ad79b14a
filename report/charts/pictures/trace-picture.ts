/** A trace in one picture: requests over time, and the distributions of prompt and output lengths. */
import { max } from "d3";
import type { WorkloadRequest } from "../../../formats/index.js";
import {
  figureSvg,
  linearAxis,
  mark,
  numberText,
  px,
  scaledUnit,
  shareAxis,
  sharesPath,
  spanAxis,
  whiskerLine,
  type Panel,
} from "../drawing/index.js";

const timeSteps = 120;
const mostSteps = 200;
const curve = { ...whiskerLine, "stroke-width": 1.8 } as const;

/** SVG text of at least one request, in order of arrival; without arrival times the lengths alone. */
export function tracePicture(requests: readonly WorkloadRequest[], title: string): string {
  const n = `n = ${requests.length.toLocaleString("en-US")} request${requests.length === 1 ? "" : "s"}`;
  const steps = arrivalSteps(requests);
  const lengths = [
    { heading: "Prompt length", values: Float64Array.from(requests, ({ promptTokens }) => promptTokens).sort() },
    { heading: "Output length", values: Float64Array.from(requests, ({ outputTokens }) => outputTokens).sort() },
  ];
  const inWords = lengths.map(({ heading, values }) => `${heading}: ${quartilesText(values)}.`);
  return figureSvg({
    name: "trace_picture",
    title: `${title} (${steps === undefined ? "" : "requests/s, "}tokens), ${n}`,
    description: `${steps === undefined ? "No arrival times." : stepsText(steps)} ${inWords.join(" ")}`,
    notes: steps === undefined ? ["The trace has no arrival times."] : [stepsText(steps)],
    layout: { columns: 2, plotHeightPx: 200, belowPx: 52 },
    panels: [...(steps === undefined ? [] : [arrivalsPanel(steps)]), ...lengths.map(lengthsPanel)],
  });
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

function arrivalsPanel({ ratesPerS, stepS }: ArrivalSteps): Panel {
  const spanS = stepS * timeSteps;
  const [unit, unitS] = spanS >= 2 * 3600 ? (["h", 3600] as const) : spanS >= 120 ? (["min", 60] as const) : ["s", 1];
  return {
    heading: "Requests over time",
    across: linearAxis(spanS / unitS, "time from the first request", scaledUnit(unit, 1)),
    up: linearAxis(max(ratesPerS)!, "arrivals", scaledUnit("requests/s", 1)),
    heightPx: 170,
    isWide: true,
    draw: ({ body, area, x, y }) => {
      const path = ratesPerS.map((rate, step) => `V${y(rate)}H${x(((step + 1) * stepS) / unitS)}`);
      mark(body, "path", { d: `M${px(area.leftPx)},${y(0)}${path.join("")}V${y(0)}`, ...curve });
    },
  };
}

function lengthsPanel({ heading, values }: { readonly heading: string; readonly values: Float64Array }): Panel {
  return {
    heading,
    across: spanAxis([values[0]!, values.at(-1)!], 30, "length", scaledUnit("tokens", 1)),
    up: shareAxis("requests"),
    draw: (plot) => {
      mark(plot.body, "path", { d: sharesPath(plot, values, mostSteps), ...curve }, quartilesText(values));
    },
  };
}

function stepsText({ ratesPerS, stepS }: ArrivalSteps): string {
  return `Each step is the mean of ${numberText(stepS)} s; the highest is ${numberText(max(ratesPerS)!)} requests/s.`;
}

function quartilesText(values: Float64Array): string {
  const within = (share: number): string => numberText(values[Math.ceil(share * values.length) - 1]!, 6);
  return `half have at most ${within(0.5)} tokens, 90 % at most ${within(0.9)}, all at most ${within(1)}`;
}
