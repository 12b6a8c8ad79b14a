/**
 * What the machine computed when: a box for each pass, as wide as it took and as high as its tokens; tokens of prompts stand on
 * those of decodes, gaps are idle. Of a long run the busiest time is drawn, the same for all policies.
 */
import { greatest } from "../../../formats/index.js";
import {
  boxItem,
  figureSvg,
  linearAxis,
  mark,
  numberText,
  px,
  scaledUnit,
  softInk,
  standsFor,
  type Plot,
} from "../drawing/index.js";
import {
  busiestWindow,
  endOf,
  passesOf,
  sceneCount,
  sceneName,
  windowAxis,
  windowText,
  type Pass,
  type RunPicture,
  type RunScene,
  type Window,
} from "./run-scene.js";

const mostBoxes = 700;
const decodeOpacity = 0.4;

interface Row {
  readonly scene: RunScene;
  /** Scene and replica. */
  readonly series: string;
  readonly heading: string;
  readonly passes: readonly Pass[];
}

export function batchGanttPicture({ title, scenes }: RunPicture): string {
  const engines = scenes.reduce((sum, { timeline }) => sum + timeline.engines.length, 0);
  const window = busiestWindow(scenes, Math.max(8, Math.floor(mostBoxes / engines / 1.5)));
  const rows = scenes.flatMap((scene) => rowsOf(scene, window));
  const passes = rows.flatMap((row) => row.passes);
  const most = greatest(passes.map(({ prefillTokens, decodeTokens }) => prefillTokens + decodeTokens));
  const hasBatches = scenes.some(({ timeline }) => timeline.work === "batches");
  return figureSvg({
    name: "batch_gantt",
    title: `${title}: what was computed when (tokens in a pass), n = ${passes.length.toLocaleString("en-US")} passes of ${sceneCount(scenes).slice(4)}`,
    description: rows.map((row) => `${row.heading}: ${row.passes.length} passes.`).join(" "),
    legend: [
      boxItem("prefill: prompt tokens", softInk),
      boxItem("decode: one token of each request", { ...softInk, "fill-opacity": decodeOpacity }),
    ],
    notes: [
      "Width: time. Height: tokens computed at once. Prompt tokens on top of decodes in one box: a mixed step. Gaps: idle.",
      ...(hasBatches ? ["Of a batch, prompts are padded to the longest, and all decodes are one box, as high as its requests."] : []), // prettier-ignore
      samplingText(scenes, window),
    ],
    policies: scenes.map(({ policy }) => policy),
    layout: { columns: 1, plotHeightPx: 96, topPx: 28, belowPx: 4, lastBelowPx: 46 },
    panels: rows.map((row, at) => ({
      heading: row.heading,
      across: windowAxis(window),
      up: { ...linearAxis(most, "tokens", scaledUnit("tokens", 1)), label: "tokens" },
      bottom: at === rows.length - 1 ? "over" : "line over",
      draw: (plot) => {
        for (const pass of row.passes) drawPass(plot, row, pass);
      },
    })),
  });
}

function rowsOf(scene: RunScene, { fromNs, toNs }: Window): Row[] {
  const { timeline } = scene;
  return timeline.engines.map(({ work }, engine) => {
    const passes = work
      .filter(({ startNs, endNs }) => endNs > fromNs && startNs < toNs)
      .flatMap((one) => passesOf(timeline.work, one))
      .filter(({ startNs, endNs }) => endNs > fromNs && startNs < toNs);
    const series = `${sceneName(scene)}${timeline.engines.length > 1 ? `, replica ${engine}` : ""}`;
    return { scene, series, passes, heading: `${series}: ${busyText(passes, { fromNs, toNs })}` };
  });
}

/** `busy 87 % of the time, 34 % of it with prefill`. */
function busyText(passes: readonly Pass[], { fromNs, toNs }: Window): string {
  let [busyNs, prefillNs] = [0, 0];
  let freeNs = fromNs;
  for (const { startNs, endNs, prefillTokens } of [...passes].sort((a, b) => a.startNs - b.startNs)) {
    const spanNs = Math.max(0, Math.min(endNs, toNs) - Math.max(startNs, freeNs));
    freeNs = Math.max(freeNs, endNs);
    busyNs += spanNs;
    if (prefillTokens > 0) prefillNs += spanNs;
  }
  if (busyNs === 0) return "idle";
  const share = (part: number, whole: number): string => `${Math.round((100 * part) / whole)} %`;
  return `busy ${share(busyNs, toNs - fromNs)} of the time, ${share(prefillNs, busyNs)} of that with prompts`;
}

function drawPass(plot: Plot, { scene, series }: Row, pass: Pass): void {
  const { colour: fill } = plot.look(scene.policy);
  const { body, x, y, area } = plot;
  const { startNs, endNs, prefillTokens, decodeTokens } = pass;
  const [fromPx, toPx] = [x(startNs), x(endNs)];
  const width = px(Math.max(0.6, toPx - fromPx - 0.4));
  const tip = `${prefillTokens} prompt tokens, ${decodeTokens} decodes, ${numberText((endNs - startNs) / 1e6)} ms`;
  const group = mark(body, "g", standsFor(series, plot, [startNs, prefillTokens + decodeTokens]), tip);
  const drawBox = (fromTokens: number, toTokens: number, opacity: object): void => {
    const topPx = Math.max(area.topPx, Math.min(y(toTokens), y(fromTokens) - 1.2));
    mark(group, "rect", { x: fromPx, y: topPx, width, height: y(fromTokens) - topPx, fill, ...opacity });
  };
  if (decodeTokens > 0) drawBox(0, decodeTokens, { "fill-opacity": decodeOpacity });
  if (prefillTokens > 0) drawBox(decodeTokens, decodeTokens + prefillTokens, {});
}

function samplingText(scenes: readonly RunScene[], window: Window): string {
  if (window.fromNs === 0 && window.toNs >= endOf(scenes)) return "The whole run is drawn.";
  const share = Math.max(0.1, (100 * (window.toNs - window.fromNs)) / endOf(scenes));
  return `Drawn: ${windowText(window)}, about the longest queue; ${numberText(share, 2)} % of the run.`;
}
