/**
 * The way of single requests: a lane each, in order of arrival, coloured by what the request was doing. Of a long run some
 * requests in a row are drawn, those that came in the busiest time, the same for all policies.
 */
import { greatest, least } from "../../../formats/index.js";
import type { PhaseName, RequestTimeline } from "../../../sim/index.js";
import {
  figureSvg,
  label,
  mark,
  numberText,
  paper,
  px,
  rowsAxis,
  shortened,
  softInk,
  standsFor,
  unlabelled,
  type Attributes,
  type LegendItem,
  type Plot,
} from "../drawing/index.js";
import { busiestWindow, sceneCount, sceneName, windowAxis, type RunPicture, type RunScene } from "./run-scene.js";

const mostLanes = 90;
const lanePx = 9;
const namesPx = 64;

/** Requests of a scene that are drawn. */
interface Lanes {
  readonly scene: RunScene;
  readonly requests: readonly RequestTimeline[];
}

export function requestLanesPicture({ title, scenes }: RunPicture): string {
  const window = busiestWindow(scenes, 60);
  const each = Math.max(4, Math.min(30, Math.floor(mostLanes / scenes.length)));
  const rows = scenes.map((scene): Lanes => ({ scene, requests: requestsFrom(scene, window.fromNs, each) }));
  const lanes = greatest(rows.map(({ requests }) => requests.length)).toLocaleString("en-US");
  const shown = rows.flatMap(({ requests }) => requests);
  const [fromNs, toNs] = [least(shown.map(({ arrivalNs }) => arrivalNs)), greatest(shown.map(({ endNs }) => endNs))];
  const across = windowAxis({ fromNs: fromNs > 0.05 * toNs ? fromNs : 0, toNs: Math.max(toNs, 1) });
  return figureSvg({
    name: "request_lanes",
    title: `${title}: the way of single requests (time), n = ${lanes} of ${sceneCount(scenes).slice(4)}`,
    description: rows.map(inWords).join(" "),
    legend,
    notes: [samplingText(rows)],
    policies: scenes.map(({ policy }) => policy),
    layout: { columns: 1, indentPx: namesPx, plotHeightPx: lanePx, topPx: 28, belowPx: 6, lastBelowPx: 46 },
    panels: rows.map(({ scene, requests }, at) => ({
      heading: sceneName(scene),
      across: at === rows.length - 1 ? across : unlabelled(across),
      up: rowsAxis,
      heightPx: Math.max(1, requests.length) * lanePx,
      draw: (plot) => {
        requests.forEach((request, lane) => {
          drawLane(plot, scene, request, lane);
        });
        drawNames(plot, requests);
      },
    })),
  });
}

/** The first `count` that arrive at or after an instant; near the end of the run the last ones. */
function requestsFrom({ timeline }: RunScene, fromNs: number, count: number): RequestTimeline[] {
  const ordered = timeline.requests
    .filter(({ phases }) => phases.length > 0)
    .toSorted((a, b) => a.arrivalNs - b.arrivalNs);
  const first = ordered.findIndex(({ arrivalNs }) => arrivalNs >= fromNs);
  const from = Math.max(0, Math.min(first < 0 ? ordered.length : first, ordered.length - count));
  return ordered.slice(from, from + count);
}

function drawLane(plot: Plot, scene: RunScene, request: RequestTimeline, lane: number): void {
  const { colour } = plot.look(scene.policy);
  const { body, area, x } = plot;
  const { requestId, arrivalNs, endNs, phases, promptTokens, outputTokens } = request;
  const spans = phases.map(({ phase, atNs }, at) => ({ phase, atNs, untilNs: phases[at + 1]?.atNs ?? endNs }));
  const told = spans.map(({ phase, atNs, untilNs }) => `${words[phase]} ${numberText((untilNs - atNs) / 1e6)} ms`);
  const tip = `request ${requestId}, ${promptTokens} prompt and ${outputTokens} output tokens: ${told.join(", ")}`;
  const group = mark(body, "g", { ...standsFor(sceneName(scene), plot, [arrivalNs, lane]), "data-y": requestId }, tip);
  for (const { phase, atNs, untilNs } of spans) {
    const box = {
      x: x(atNs),
      y: px(area.topPx + lane * lanePx + 1),
      width: Math.max(0.6, px(x(untilNs) - x(atNs))),
      height: lanePx - 2,
    };
    mark(group, "rect", { ...box, ...lookOf(phase, colour) });
  }
}

/** Ids beside the first and the last lane. */
function drawNames({ body, area }: Plot, requests: readonly RequestTimeline[]): void {
  const ends = requests.length > 2 ? [0, requests.length - 1] : requests.map((_, at) => at);
  for (const lane of ends) {
    const text = shortened(requests[lane]!.requestId, namesPx - 12, 9);
    label(body, text, 9, { x: namesPx - 6, y: area.topPx + lane * lanePx + 8, "text-anchor": "end", ...softInk });
  }
}

const words: Readonly<Record<PhaseName, string>> = {
  queue: "waiting",
  prefill: "prefill",
  decode: "decode",
  preempted: "preempted",
};
const lookWords = { queue: "grey", prefill: "full colour", decode: "light colour", preempted: "framed" } as const;

function lookOf(phase: PhaseName, colour: string): Attributes {
  if (phase === "prefill") return { fill: colour };
  if (phase === "decode") return { fill: colour, "fill-opacity": 0.4 };
  if (phase === "queue") return { ...softInk, "fill-opacity": 0.25 };
  return { ...paper, stroke: "#b30000", "stroke-width": 1.4 };
}

const legend: readonly LegendItem[] = (["queue", "prefill", "decode", "preempted"] as const).map((phase) => ({
  text: `${words[phase]} (${lookWords[phase]})`,
  draw: (swatch) => mark(swatch, "rect", { x: 4, y: 3, width: 20, height: 8, ...lookOf(phase, "#1c2128") }),
}));

function samplingText(rows: readonly Lanes[]): string {
  const all = rows.every(({ scene, requests }) => requests.length === scene.timeline.requests.length);
  if (all) return "All requests are drawn, in order of arrival.";
  return `Drawn: ${rows[0]!.requests.length} requests in a row, in order of arrival, that came about the longest queue. Beside the first and last lane: their ids.`;
}

function inWords({ scene, requests }: Lanes): string {
  const sums = { queue: 0, prefill: 0, decode: 0, preempted: 0 };
  for (const { phases, endNs } of requests) {
    for (const [at, { phase, atNs }] of phases.entries()) sums[phase] += (phases[at + 1]?.atNs ?? endNs) - atNs;
  }
  const told = Object.entries(sums).map(
    ([phase, ns]) => `${words[phase as PhaseName]} ${numberText(ns / 1e6 / Math.max(1, requests.length))} ms`,
  );
  return `${sceneName(scene)}, mean of ${requests.length} requests: ${told.join(", ")}.`;
}
