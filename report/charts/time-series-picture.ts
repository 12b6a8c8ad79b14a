/**
 * What happened when: arrivals, waiting and running requests, KV blocks in use with the preemptions, and tokens in a pass, one
 * under the other on the same time axis. Runs of several policies are drawn over each other.
 */
import { greatest } from "../../formats/index.js";
import {
  drawBottomLabel,
  drawLeftAxis,
  leftRoomPx,
  linearAxis,
  scaledUnit,
  shareAxis,
  type Area,
  type ValueAxis,
} from "./axes.js";
import { chartWidthPx, dash, drawFrame, lineLegend } from "./frame.js";
import { policyLooks, type PolicyLook } from "./palette.js";
import { drawPanelHeading } from "./panels.js";
import { drawLevel, plotOf, px, type Plot } from "./plot.js";
import { endOf, passesOf, sceneCount, sceneName, schedulersOf, spanUnit, type RunScene } from "./run-scene.js";
import { mark, whiskerLine } from "./svg.js";
import { numberText } from "./text.js";
import { drawTimeTicks, timeWindow } from "./time-window.js";
import { windowAxis } from "./window-axis.js";

export interface TimelinePicture {
  readonly title: string;
  /** At least one, and a request in one of them. */
  readonly scenes: readonly RunScene[];
}

const name = "time_series";
const bins = 240;
const panelPx = 84;
const headingPx = 26;
const mostTicks = 300;

interface Panel {
  readonly heading: string;
  readonly up: ValueAxis;
  /** Mean of each bin, by scene; none where the scene has no such value. */
  readonly lines: readonly (Float64Array | undefined)[];
  readonly isKv?: boolean;
}

export function timeSeriesPicture({ title, scenes }: TimelinePicture): string {
  const endNs = endOf(scenes);
  const panels = panelsOf(scenes, endNs);
  const across = windowAxis({ fromNs: 0, toNs: endNs });
  const leftPx = greatest(panels.map(({ up }) => leftRoomPx(up)));
  const looks = policyLooks(scenes.map(({ policy }) => policy));
  const stepUnit = spanUnit(endNs / bins);
  const areas = panels.map((_, at): Area => {
    const topPx = headingPx + at * (panelPx + headingPx + 6);
    return { leftPx, topPx, widthPx: chartWidthPx - leftPx - 22, heightPx: panelPx };
  });
  return drawFrame(
    {
      name,
      title: `${title}: what happened when (requests/s, requests${panels.some(({ isKv }) => isKv) ? ", %" : ""}, tokens), ${sceneCount(scenes)}`,
      description: scenes.map((scene, at) => inWords(scene, panels, at)).join(" "),
      legend: lineLegend(schedulersOf(scenes), false),
      notes: [
        `Each of the ${bins} steps of a line is the mean over ${stepUnit.text(endNs / bins)} ${stepUnit.name}; arrivals: over longer times where they are few.`,
        ...(scenes.some(({ timeline }) => timeline.engines.length > 1)
          ? ["Replicas are added up; of KV blocks the mean."]
          : []),
        ...kvNotes(scenes),
      ],
      widthPx: chartWidthPx,
      bodyHeightPx: areas.at(-1)!.topPx + panelPx + 46,
    },
    scenes.map(({ policy }) => policy),
    (body) => {
      panels.forEach(({ heading, up, lines, isKv }, at) => {
        const area = areas[at]!;
        drawPanelHeading(body, area, heading);
        drawLeftAxis(body, area, { ...up, label: "" });
        const isLast = at === panels.length - 1;
        drawTimeTicks(body, area, { across, isLabelled: isLast });
        if (isLast) drawBottomLabel(body, area, across.label, 36);
        const plot = plotOf(timeWindow(body, area, { across, endNs }), area, across, up);
        if (isKv === true) drawLevel(plot, 1, { "stroke-width": 1.4 });
        scenes.forEach((scene, of) => {
          const line = lines[of];
          if (line !== undefined) drawLine(plot, { scene, line, endNs, look: looks.get(scene.policy)! });
          if (isKv === true) drawPreemptions(plot, scene, looks.get(scene.policy)!);
        });
      });
    },
  );
}

function panelsOf(scenes: readonly RunScene[], endNs: number): Panel[] {
  const panel = (heading: string, unit: string, lines: Panel["lines"]): Panel => {
    const most = greatest(lines.flatMap((line) => (line === undefined ? [] : [greatest(line)])));
    return { heading: `${heading} (${unit})`, up: linearAxis(most, heading, scaledUnit(unit, 1)), lines };
  };
  const kv = scenes.map((scene) => kvShares(scene, endNs));
  return [
    panel(
      "arrivals",
      "requests/s",
      scenes.map((scene) => arrivalRates(scene, endNs)),
    ),
    panel(
      "waiting",
      "requests",
      scenes.map((scene) => counted(scene, endNs, "waiting")),
    ),
    panel(
      "running",
      "requests",
      scenes.map((scene) => counted(scene, endNs, "running")),
    ),
    ...(kv.every((line) => line === undefined)
      ? []
      : [{ heading: "KV blocks in use (% of all; ticks: preemptions)", up: shareTicks(), lines: kv, isKv: true }]),
    panel(
      "tokens computed in a pass",
      "tokens",
      scenes.map((scene) => passTokens(scene, endNs)),
    ),
  ];
}

/** A low panel: three ticks are enough. */
function shareTicks(): ValueAxis {
  return { ...shareAxis("KV blocks"), ticks: [0, 0.5, 1] };
}

/** Over longer times where requests are few, so that a rate and not every single arrival is seen. */
function arrivalRates({ timeline }: RunScene, endNs: number): Float64Array {
  const perBin = Math.max(1, Math.min(24, Math.ceil((4 * bins) / Math.max(1, timeline.requests.length))));
  const rates = new Float64Array(bins);
  const rate = (bins * 1e9) / endNs / perBin;
  for (const { arrivalNs } of timeline.requests) {
    const bin = Math.max(0, Math.min(bins - 1, Math.floor((arrivalNs / endNs) * bins)));
    const first = bin - (bin % perBin);
    for (let at = first; at < Math.min(bins, first + perBin); at++) rates[at] = rates[at]! + rate;
  }
  return rates;
}

function counted({ timeline }: RunScene, endNs: number, key: "waiting" | "running"): Float64Array {
  const sums = new Float64Array(bins);
  for (const { counts } of timeline.engines) {
    for (const [at, count] of counts.entries()) {
      addSpan(sums, endNs, count.atNs, counts[at + 1]?.atNs ?? count.atNs, count[key]);
    }
  }
  return sums;
}

function kvShares({ timeline, kvBlocks }: RunScene, endNs: number): Float64Array | undefined {
  if (kvBlocks === undefined || kvBlocks === 0) return undefined;
  const sums = new Float64Array(bins);
  for (const { counts } of timeline.engines) {
    for (const [at, { atNs, kvBlocks: used = 0 }] of counts.entries()) {
      addSpan(sums, endNs, atNs, counts[at + 1]?.atNs ?? atNs, used / kvBlocks / timeline.engines.length);
    }
  }
  return sums;
}

function passTokens({ timeline }: RunScene, endNs: number): Float64Array {
  const sums = new Float64Array(bins);
  for (const { work } of timeline.engines) {
    for (const one of work) {
      for (const { startNs, endNs: untilNs, prefillTokens, decodeTokens } of passesOf(timeline.work, one)) {
        addSpan(sums, endNs, startNs, untilNs, prefillTokens + decodeTokens);
      }
    }
  }
  return sums;
}

/** Adds a value that holds from one instant to another to the means of the bins. */
function addSpan(means: Float64Array, endNs: number, fromNs: number, toNs: number, value: number): void {
  const binNs = endNs / bins;
  const last = Math.min(bins - 1, Math.floor(toNs / binNs));
  for (let bin = Math.max(0, Math.floor(fromNs / binNs)); bin <= last; bin++) {
    const shareNs = Math.min(toNs, (bin + 1) * binNs) - Math.max(fromNs, bin * binNs);
    if (shareNs > 0) means[bin] = means[bin]! + (value * shareNs) / binNs;
  }
}

interface Line {
  readonly scene: RunScene;
  readonly line: Float64Array;
  readonly endNs: number;
  readonly look: PolicyLook;
}

function drawLine({ body, x, y }: Plot, { scene, line, endNs, look }: Line): void {
  let path = `M${x(0)},${y(0)}`;
  let lastPx = y(0);
  line.forEach((value, bin) => {
    const yPx = y(value);
    if (yPx !== lastPx) path += `H${x((bin * endNs) / bins)}V${yPx}`;
    lastPx = yPx;
  });
  const look2 = { stroke: look.colour, "stroke-width": 1.5, fill: "none", ...dash(scene.source) };
  mark(body, "path", { d: `${path}H${x(endNs)}`, ...look2, "data-series": sceneName(scene) }, sceneName(scene));
}

/** Ticks above the line of 100 %. */
function drawPreemptions({ body, x, y }: Plot, scene: RunScene, look: PolicyLook): void {
  const times = preemptionsOf(scene);
  const every = Math.ceil(times.length / mostTicks);
  const ticks = times.filter((_, at) => at % every === 0).map((atNs) => `M${x(atNs)},${px(y(1) - 6)}v12`);
  if (ticks.length === 0) return;
  mark(
    body,
    "path",
    { d: ticks.join(""), ...whiskerLine, stroke: look.colour, "stroke-width": 1 },
    `preemptions of ${sceneName(scene)}`,
  );
}

function preemptionsOf({ timeline }: RunScene): number[] {
  return timeline.requests.flatMap(({ phases }) =>
    phases.filter(({ phase }) => phase === "preempted").map(({ atNs }) => atNs),
  );
}

function kvNotes(scenes: readonly RunScene[]): string[] {
  const without = scenes.filter(({ kvBlocks }) => kvBlocks === undefined);
  const notes = scenes.flatMap((scene) => {
    const { kvBlocks, timeline } = scene;
    if (kvBlocks === undefined || kvBlocks === 0) return [];
    const peak =
      greatest(timeline.engines.map(({ counts }) => greatest(counts.map(({ kvBlocks: used = 0 }) => used)))) / kvBlocks;
    const times = preemptionsOf(scene).length;
    return [
      `${sceneName(scene)}: at most ${numberText(100 * Math.max(0, peak))} % of ${kvBlocks.toLocaleString("en-US")} KV blocks, ${times.toLocaleString("en-US")} preemption${times === 1 ? "" : "s"}.`,
    ];
  });
  if (without.length === 0 || notes.length === 0) return notes;
  return [...notes, `${[...new Set(without.map(({ policy }) => policy))].join(" and ")}: whole batches, no KV blocks.`];
}

function inWords(scene: RunScene, panels: readonly Panel[], at: number): string {
  const told = panels.flatMap(({ heading, lines, isKv }) => {
    const line = lines[at];
    return line === undefined ? [] : [`${heading} at most ${numberText(greatest(line) * (isKv === true ? 100 : 1))}`];
  });
  return `${sceneName(scene)}: ${told.join(", ")}.`;
}
