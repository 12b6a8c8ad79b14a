/**
 * The way of single requests: a lane each, in order of arrival, coloured by what the request was doing. Of a long run some
 * requests in a row are drawn, those that came in the busiest time, the same for all policies.
 */
import { greatest } from "../../formats/index.js";
import { drawBottomAxis, type Area } from "./axes.js";
import { chartWidthPx, drawFrame, type LegendItem } from "./frame.js";
import { policyLooks, type PolicyLook } from "./palette.js";
import { drawPanelHeading } from "./panels.js";
import { plotOf, px, standsFor, type Plot } from "./plot.js";
import { busiestWindow, sceneCount, sceneName, type RunScene } from "./run-scene.js";
import { label, mark, paper, softInk, type Attributes } from "./svg.js";
import { numberText, shortened } from "./text.js";
import type { TimelinePicture } from "./time-series-picture.js";
import { windowAxis } from "./window-axis.js";
import type { PhaseName, RequestTimeline } from "../../sim/index.js";

const name = "request_lanes";
const mostLanes = 90;
const lanePx = 9;
const headingPx = 28;
const leftPx = 64;

export function requestLanesPicture({ title, scenes }: TimelinePicture): string {
  const window = busiestWindow(scenes, 60);
  const each = Math.max(4, Math.min(30, Math.floor(mostLanes / scenes.length)));
  const rows = scenes.map((scene) => ({ scene, requests: requestsFrom(scene, window.fromNs, each) }));
  const lanes = greatest(rows.map(({ requests }) => requests.length)).toLocaleString("en-US");
  const shown = rows.flatMap(({ requests }) => requests);
  const fromNs = shown.reduce((least, { arrivalNs }) => Math.min(least, arrivalNs), Infinity);
  const toNs = shown.reduce((most, { endNs }) => Math.max(most, endNs), 0);
  const across = windowAxis({
    fromNs: Number.isFinite(fromNs) && fromNs > 0.05 * toNs ? fromNs : 0,
    toNs: Math.max(toNs, 1),
  });
  const lanesUp = { label: "", ticks: [], tickText: String, fraction: (row: number) => 1 - row };
  let topPx = headingPx;
  const areas = rows.map(({ requests }): Area => {
    const area = {
      leftPx,
      topPx,
      widthPx: chartWidthPx - leftPx - 22,
      heightPx: Math.max(1, requests.length) * lanePx,
    };
    topPx += area.heightPx + headingPx + 6;
    return area;
  });
  return drawFrame(
    {
      name,
      title: `${title}: the way of single requests (time), n = ${lanes} of ${sceneCount(scenes).slice(4)}`,
      description: rows.map(({ scene, requests }) => inWords(scene, requests)).join(" "),
      legend,
      notes: [samplingText(rows)],
      widthPx: chartWidthPx,
      bodyHeightPx: areas.at(-1)!.topPx + areas.at(-1)!.heightPx + 46,
    },
    [],
    (body) => {
      const looks = policyLooks(scenes.map(({ policy }) => policy));
      rows.forEach(({ scene, requests }, at) => {
        const area = areas[at]!;
        const plot = plotOf(body, area, across, lanesUp);
        drawPanelHeading(body, area, sceneName(scene));
        drawBottomAxis(body, area, at === rows.length - 1 ? across : { ...across, label: "", tickText: () => "" });
        requests.forEach((request, lane) => {
          drawLane(plot, { request, lane, series: sceneName(scene), look: looks.get(scene.policy)! });
        });
        drawNames(plot, requests);
      });
    },
  );
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

interface Lane {
  readonly request: RequestTimeline;
  readonly lane: number;
  readonly series: string;
  readonly look: PolicyLook;
}

function drawLane(plot: Plot, { request, lane, series, look }: Lane): void {
  const { body, area, x } = plot;
  const { requestId, arrivalNs, endNs, phases, promptTokens, outputTokens } = request;
  const spans = phases.map(({ phase, atNs }, at) => ({ phase, atNs, untilNs: phases[at + 1]?.atNs ?? endNs }));
  const told = spans.map(({ phase, atNs, untilNs }) => `${words[phase]} ${numberText((untilNs - atNs) / 1e6)} ms`);
  const tip = `request ${requestId}, ${promptTokens} prompt and ${outputTokens} output tokens: ${told.join(", ")}`;
  const group = mark(body, "g", { ...standsFor(series, plot, [arrivalNs, lane]), "data-y": requestId }, tip);
  for (const { phase, atNs, untilNs } of spans) {
    const box = {
      x: x(atNs),
      y: px(area.topPx + lane * lanePx + 1),
      width: Math.max(0.6, px(x(untilNs) - x(atNs))),
      height: lanePx - 2,
    };
    mark(group, "rect", { ...box, ...lookOf(phase, look.colour) });
  }
}

/** Ids beside the first and the last lane. */
function drawNames({ body, area }: Plot, requests: readonly RequestTimeline[]): void {
  const ends = requests.length > 2 ? [0, requests.length - 1] : requests.map((_, at) => at);
  for (const lane of ends) {
    const text = shortened(requests[lane]!.requestId, leftPx - 12, 9);
    label(body, text, 9, { x: leftPx - 6, y: area.topPx + lane * lanePx + 8, "text-anchor": "end", ...softInk });
  }
}

const words: Readonly<Record<PhaseName, string>> = {
  queue: "waiting",
  prefill: "prefill",
  decode: "decode",
  preempted: "preempted",
};

function lookOf(phase: PhaseName, colour: string): Attributes {
  if (phase === "prefill") return { fill: colour };
  if (phase === "decode") return { fill: colour, "fill-opacity": 0.4 };
  if (phase === "queue") return { ...softInk, "fill-opacity": 0.25 };
  return { ...paper, stroke: "#b30000", "stroke-width": 1.4 };
}

const legend: readonly LegendItem[] = (["queue", "prefill", "decode", "preempted"] as const).map((phase) => ({
  text:
    phase === "queue"
      ? "waiting (grey)"
      : phase === "prefill"
        ? "prefill (full colour)"
        : phase === "decode"
          ? "decode (light colour)"
          : "preempted (framed)",
  draw: (swatch) => mark(swatch, "rect", { x: 4, y: 3, width: 20, height: 8, ...lookOf(phase, "#1c2128") }),
}));

function samplingText(
  rows: readonly { readonly scene: RunScene; readonly requests: readonly RequestTimeline[] }[],
): string {
  const all = rows.every(({ scene, requests }) => requests.length === scene.timeline.requests.length);
  if (all) return "All requests are drawn, in order of arrival.";
  return `Drawn: ${rows[0]!.requests.length} requests in a row, in order of arrival, that came about the longest queue. Beside the first and last lane: their ids.`;
}

function inWords(scene: RunScene, requests: readonly RequestTimeline[]): string {
  const sums = { queue: 0, prefill: 0, decode: 0, preempted: 0 };
  for (const { phases, endNs } of requests) {
    for (const [at, { phase, atNs }] of phases.entries()) sums[phase] += (phases[at + 1]?.atNs ?? endNs) - atNs;
  }
  const told = Object.entries(sums).map(
    ([phase, ns]) => `${words[phase as PhaseName]} ${numberText(ns / 1e6 / Math.max(1, requests.length))} ms`,
  );
  return `${sceneName(scene)}, mean of ${requests.length} requests: ${told.join(", ")}.`;
}
