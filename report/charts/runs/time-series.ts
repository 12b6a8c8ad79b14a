/**
 * What happened when: arrivals, waiting and running requests, KV blocks in use with the preemptions, and tokens in a pass, one
 * under the other on the same time axis. Runs of several policies are drawn over each other.
 */
import { greatest } from "../../../formats/index.js";
import {
  dash,
  drawLevel,
  figureSvg,
  linearAxis,
  lineLegend,
  mark,
  numberText,
  px,
  scaledUnit,
  shareAxis,
  whiskerLine,
  type Axis,
  type Plot,
} from "../drawing/index.js";
import {
  endOf,
  passesOf,
  sceneCount,
  sceneName,
  seriesOf,
  spanUnit,
  windowAxis,
  type RunPicture,
  type RunScene,
} from "./run-scene.js";
import { timeWindow } from "./time-window.js";

const bins = 240;
const mostTicks = 300;

interface Series {
  readonly heading: string;
  readonly up: Axis;
  /** Mean of each bin, by scene; none where the scene has no such value. */
  readonly lines: readonly (Float64Array | undefined)[];
  readonly isKv?: boolean;
}

export function timeSeriesPicture({ title, scenes }: RunPicture): string {
  const endNs = endOf(scenes);
  const panels = panelsOf(scenes, endNs);
  const across = windowAxis({ fromNs: 0, toNs: endNs });
  const stepUnit = spanUnit(endNs / bins);
  const hasReplicas = scenes.some(({ timeline }) => timeline.engines.length > 1);
  return figureSvg({
    name: "time_series",
    title: `${title}: what happened when (requests/s, requests${panels.some(({ isKv }) => isKv) ? ", %" : ""}, tokens), ${sceneCount(scenes)}`,
    description: scenes.map((scene, at) => inWords(scene, panels, at)).join(" "),
    legend: lineLegend(seriesOf(scenes), false),
    notes: [
      `Each of the ${bins} steps of a line is the mean over ${stepUnit.text(endNs / bins)} ${stepUnit.name}; arrivals: over longer times where they are few.`,
      ...(hasReplicas ? ["Replicas are added up; of KV blocks the mean."] : []),
      ...kvNotes(scenes),
    ],
    isHatched: true,
    policies: scenes.map(({ policy }) => policy),
    layout: { columns: 1, plotHeightPx: 84, belowPx: 6, lastBelowPx: 46 },
    panels: panels.map(({ heading, up, lines, isKv }, at) => ({
      heading,
      across,
      up: { ...up, label: "" },
      bottom: "none",
      draw: (whole) => {
        const plot = timeWindow(whole, across, { endNs, isLabelled: at === panels.length - 1 });
        if (isKv === true) drawLevel(plot, 1, { "stroke-width": 1.4 });
        scenes.forEach((scene, of) => {
          const line = lines[of];
          if (line !== undefined) drawSteps(plot, { scene, line, endNs });
          if (isKv === true) drawPreemptions(plot, scene);
        });
      },
    })),
  });
}

function panelsOf(scenes: readonly RunScene[], endNs: number): Series[] {
  const series = (heading: string, unit: string, lineOf: (scene: RunScene) => Float64Array): Series => {
    const lines = scenes.map(lineOf);
    return { heading: `${heading} (${unit})`, up: linearAxis(greatest(lines.map(greatest)), heading, scaledUnit(unit, 1)), lines }; // prettier-ignore
  };
  const kv = scenes.map((scene) => kvShares(scene, endNs));
  const hasKv = kv.some((line) => line !== undefined);
  return [
    series("arrivals", "requests/s", (scene) => arrivalRates(scene, endNs)),
    series("waiting", "requests", (scene) => counted(scene, endNs, ({ waiting }) => waiting)),
    series("running", "requests", (scene) => counted(scene, endNs, ({ running }) => running)),
    ...(hasKv ? [{ heading: "KV blocks in use (% of all; ticks: preemptions)", up: shareTicks(), lines: kv, isKv: true }] : []), // prettier-ignore
    series("tokens computed in a pass", "tokens", (scene) => passTokens(scene, endNs)),
  ];
}

/** A low panel: three ticks are enough. */
function shareTicks(): Axis {
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

type Count = RunScene["timeline"]["engines"][number]["counts"][number];

function counted({ timeline }: RunScene, endNs: number, of: (count: Count) => number): Float64Array {
  const sums = new Float64Array(bins);
  for (const { counts } of timeline.engines) {
    for (const [at, count] of counts.entries()) {
      addSpan(sums, endNs, [count.atNs, counts[at + 1]?.atNs ?? count.atNs], of(count));
    }
  }
  return sums;
}

function kvShares(scene: RunScene, endNs: number): Float64Array | undefined {
  const { timeline, kvBlocks } = scene;
  if (kvBlocks === undefined || kvBlocks === 0) return undefined;
  return counted(scene, endNs, ({ kvBlocks: used = 0 }) => used / kvBlocks / timeline.engines.length);
}

function passTokens({ timeline }: RunScene, endNs: number): Float64Array {
  const sums = new Float64Array(bins);
  for (const { work } of timeline.engines) {
    for (const one of work) {
      for (const { startNs, endNs: untilNs, prefillTokens, decodeTokens } of passesOf(timeline.work, one)) {
        addSpan(sums, endNs, [startNs, untilNs], prefillTokens + decodeTokens);
      }
    }
  }
  return sums;
}

/** Adds a value that holds from one instant to another to the means of the bins. */
function addSpan(means: Float64Array, endNs: number, [fromNs, toNs]: readonly [number, number], value: number): void {
  const binNs = endNs / bins;
  const last = Math.min(bins - 1, Math.floor(toNs / binNs));
  for (let bin = Math.max(0, Math.floor(fromNs / binNs)); bin <= last; bin++) {
    const shareNs = Math.min(toNs, (bin + 1) * binNs) - Math.max(fromNs, bin * binNs);
    if (shareNs > 0) means[bin] = means[bin]! + (value * shareNs) / binNs;
  }
}

interface Steps {
  readonly scene: RunScene;
  readonly line: Float64Array;
  readonly endNs: number;
}

function drawSteps({ body, x, y, look }: Plot, { scene, line, endNs }: Steps): void {
  let path = `M${x(0)},${y(0)}`;
  let lastPx = y(0);
  line.forEach((value, bin) => {
    const yPx = y(value);
    if (yPx !== lastPx) path += `H${x((bin * endNs) / bins)}V${yPx}`;
    lastPx = yPx;
  });
  const stroke = { stroke: look(scene.policy).colour, "stroke-width": 1.5, fill: "none", ...dash(scene.source) };
  mark(body, "path", { d: `${path}H${x(endNs)}`, ...stroke, "data-series": sceneName(scene) }, sceneName(scene));
}

/** Ticks above the line of 100 %. */
function drawPreemptions({ body, x, y, look }: Plot, scene: RunScene): void {
  const times = preemptionsOf(scene);
  const every = Math.ceil(times.length / mostTicks);
  const ticks = times.filter((_, at) => at % every === 0).map((atNs) => `M${x(atNs)},${px(y(1) - 6)}v12`);
  if (ticks.length === 0) return;
  const stroke = { ...whiskerLine, stroke: look(scene.policy).colour, "stroke-width": 1 };
  mark(body, "path", { d: ticks.join(""), ...stroke }, `preemptions of ${sceneName(scene)}`);
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

function inWords(scene: RunScene, panels: readonly Series[], at: number): string {
  const told = panels.flatMap(({ heading, lines, isKv }) => {
    const line = lines[at];
    return line === undefined ? [] : [`${heading} at most ${numberText(greatest(line) * (isKv === true ? 100 : 1))}`];
  });
  return `${sceneName(scene)}: ${told.join(", ")}.`;
}
