/** Requests in the system over time, one small chart a policy on the same axes: running below, waiting on top. */
import { area, scaleLinear } from "d3";
import { comparedPolicies, type ComparedPolicy } from "../model/index.js";
import type { Outcome, ShownRun } from "../worker/index.js";
import { chartIn, drawAxes } from "./chart.js";
import { element } from "./dom.js";
import { figure } from "./figures.js";

export function drawLoads(host: HTMLElement, outcomes: Readonly<Record<ComparedPolicy, Outcome>>): void {
  const runs = comparedPolicies.flatMap((policy) => {
    const outcome = outcomes[policy];
    return "error" in outcome ? [] : [{ policy, run: outcome }];
  });
  const places = runs.map(({ policy }) =>
    element("div", { class: "small" }, element("h3", {}, element("span", { class: `swatch ${policy}` }), policy)),
  );
  host.replaceChildren(...places);
  const endS = runs.reduce((end, { run: { counts } }) => Math.max(end, counts.stretchS * counts.running.length), 0);
  const most = runs.reduce((found, { run }) => Math.max(found, mostOf(run)), 1);
  for (const [at, { policy, run }] of runs.entries()) {
    const sheetHost = element("div");
    places[at]!.append(sheetHost);
    drawOne(sheetHost, { policy, run, endS, most });
  }
}

interface One {
  readonly policy: ComparedPolicy;
  readonly run: ShownRun;
  readonly endS: number;
  readonly most: number;
}

function drawOne(host: HTMLElement, { policy, run, endS, most }: One): void {
  const { stretchS, running, waiting } = run.counts;
  const frame = chartIn(host, {
    label: `${policy}: requests that run and that wait over time; at most ${figure(mostOf(run))} in the system`,
    height: 170,
  });
  const x = scaleLinear([0, endS], [0, frame.width]);
  const y = scaleLinear([0, most], [frame.height, 0]).nice();
  drawAxes(frame, { x, y, xTitle: "time, s", xText: (value) => figure(value), yText: (value) => figure(value) });
  const at = (_: number, place: number): number => x((place + 0.5) * stretchS);
  const ran = area<number>(at, y(0), (value) => y(value));
  const waited = area<number>(
    at,
    (_, place) => y(running[place]!),
    (value, place) => y(running[place]! + value),
  );
  frame.sheet.append("path").attr("class", `area ${policy}`).attr("d", ran(running));
  frame.sheet.append("path").attr("class", `area waiting ${policy}`).attr("d", waited(waiting));
}

function mostOf({ counts: { running, waiting } }: ShownRun): number {
  return running.reduce((most, value, at) => Math.max(most, value + waiting[at]!), 0);
}
