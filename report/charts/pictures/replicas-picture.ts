/** Replicas over the time of a trace: the fixed number, the fewest of each window, and those of an autoscaler; below, the rate. */
import { greatest, type AnswerSizing } from "../../../formats/index.js";
import {
  boxItem,
  dashed,
  figureSvg,
  figureText,
  linearAxis,
  lineItem,
  mark,
  policyLooks,
  scaledUnit,
  softInk,
  standsFor,
  whiskerLine,
  type Attributes,
  type Plot,
} from "../drawing/index.js";

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

const WINDOW = "fewest of the window";
const fixedLine = { ...whiskerLine, ...dashed };
const windowFill = { ...softInk, "fill-opacity": 0.25 };

/** SVG text of at least one window. */
export function replicasPicture(picture: ReplicasPicture): string {
  const { title, policy, value, trace, autoscale } = picture;
  const { windows } = trace;
  const endS = windows.at(-1)!.end_s;
  const needed: Steps = windows.map((one) => [one.start_s, one.replicas ?? 0]);
  const served: Steps = (autoscale?.timeline ?? []).map((one) => [one.at_s, one.serving]);
  const rates: Steps = windows.map((one) => [one.start_s, one.requests / Math.max(1e-9, one.end_s - one.start_s)]);
  const most = greatest([value ?? 0, ...[...needed, ...served].map(([, count]) => count)]);
  const across = linearAxis(endS, "time", scaledUnit("s", 1));
  const scaledLine = { stroke: policyLooks([policy]).get(policy)!.colour, "stroke-width": 2, fill: "none" };
  return figureSvg({
    name: "replicas_picture",
    title,
    description: describe(picture),
    legend: [
      boxItem(WINDOW, windowFill),
      lineItem("fixed number", fixedLine),
      ...(autoscale === undefined ? [] : [lineItem("autoscaler", scaledLine)]),
    ],
    notes: autoscale === undefined ? [] : ["The autoscaler's line is of the first replication."],
    layout: { columns: 1, plotHeightPx: 200 },
    panels: [
      {
        heading: "replicas",
        across,
        up: linearAxis(most, "replicas", scaledUnit("count", 1)),
        draw: (plot) => {
          drawBars(plot, WINDOW, needed, endS);
          if (value !== null) drawSteps(plot, [[0, value]], endS, fixedLine);
          drawSteps(plot, served, endS, scaledLine);
        },
      },
      {
        heading: "arrivals",
        across,
        up: linearAxis(greatest(rates.map(([, rate]) => rate)), "arrivals", scaledUnit("requests/s", 1)),
        draw: (plot) => {
          drawBars(plot, "arrivals", rates, endS);
        },
      },
    ],
  });
}

function describe({ value, trace, autoscale }: ReplicasPicture): string {
  const counts = trace.windows.map(({ replicas }) => replicas ?? 0);
  const fixed = value === null ? "no fixed number is enough" : `${value} replicas all the time are enough`;
  const scaled = autoscale === undefined ? "" : `; the autoscaler takes up to ${autoscale.peak_replicas}`;
  return `${fixed}; window by window ${counts.join(", ")}${scaled}.`;
}

function drawBars(plot: Plot, name: string, steps: Steps, endS: number): void {
  const { body, x, y } = plot;
  for (const [at, [fromS, value]] of steps.entries()) {
    const widthPx = x(steps[at + 1]?.[0] ?? endS) - x(fromS);
    const box = { x: x(fromS), y: y(value), width: Math.max(0, widthPx - 1), height: y(0) - y(value) };
    const stands = standsFor(name, plot, [Math.round(fromS), value]);
    const tip = `from ${Math.round(fromS)} s: ${figureText(value, 3)}`;
    mark(body, "rect", { ...box, ...windowFill, ...stands }, tip);
  }
}

function drawSteps({ body, x, y }: Plot, steps: Steps, endS: number, line: Attributes): void {
  if (steps.length === 0) return;
  const xPx = (timeS: number): number => x(Math.min(timeS, endS));
  const path = steps.map(([fromS, value], at) => at === 0 ? `M${xPx(fromS)},${y(value)}` : `H${xPx(fromS)}V${y(value)}`); // prettier-ignore
  mark(body, "path", { d: `${path.join("")}H${xPx(endS)}`, ...line });
}
