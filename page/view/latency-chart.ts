/** How many requests had at most a latency: one line a policy, the pinned baseline dashed. */
import { line, scaleLinear, scaleLog } from "d3";
import { comparedPolicies, type ComparedPolicy } from "../model/index.js";
import type { Outcome, Quantiles } from "../worker/index.js";
import { chartIn, drawAxes, drawEndNames, type Frame } from "./chart.js";
import { duration } from "./figures.js";

type Outcomes = Readonly<Record<ComparedPolicy, Outcome>>;
type Latency = "ttft" | "e2el";

interface Curve {
  readonly policy: ComparedPolicy;
  readonly values: Quantiles;
  readonly isBaseline: boolean;
}

const names: Readonly<Record<Latency, string>> = { ttft: "Time to first token", e2el: "End-to-end latency" };

export function drawLatencies(
  host: HTMLElement,
  latency: Latency,
  outcomes: Outcomes,
  baseline: Outcomes | undefined,
): void {
  const curves = [
    ...(baseline === undefined ? [] : curvesOf(baseline, latency, true)),
    ...curvesOf(outcomes, latency, false),
  ];
  const frame = chartIn(host, {
    label: `${names[latency]}: share of requests within it, by policy. The table has the figures.`,
  });
  if (curves.length === 0) return;
  const least = curves.reduce((found, { values }) => Math.min(found, values[0]!), Infinity);
  const most = curves.reduce((found, { values }) => Math.max(found, values.at(-1)!), 0);
  const x = scaleLog([Math.max(1e-3, least * 0.9), Math.max(most * 1.1, least * 3)], [0, frame.width]).clamp(true);
  const y = scaleLinear([0, 1], [frame.height, 0]);
  drawAxes(frame, { x, y, xTitle: names[latency], xText: duration, yText: (share) => `${Math.round(100 * share)} %` });
  const draw = line<number>(
    (value) => x(value),
    (_, at) => y(at / (curves[0]!.values.length - 1)),
  );
  drawCurves(frame, curves, draw);
  // All curves end at the top: the names stand in a column there.
  const now = curves.filter(({ isBaseline }) => !isBaseline);
  drawEndNames(
    frame,
    now.map(({ policy }, at) => ({ policy, y: 4 + 16 * at })),
  );
}

function drawCurves({ sheet }: Frame, curves: readonly Curve[], draw: (values: Quantiles) => string | null): void {
  sheet
    .append("g")
    .selectAll("path")
    .data(curves)
    .join("path")
    .attr("class", ({ policy, isBaseline }) => `curve ${policy}${isBaseline ? " baseline" : ""}`)
    .attr("d", ({ values }) => draw(values));
}

function curvesOf(outcomes: Outcomes, latency: Latency, isBaseline: boolean): Curve[] {
  return comparedPolicies.flatMap((policy) => {
    const outcome = outcomes[policy];
    return "error" in outcome || outcome[latency].length === 0
      ? []
      : [{ policy, values: outcome[latency], isBaseline }];
  });
}
