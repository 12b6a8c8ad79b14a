/**
 * What the machine computed when: a box for each pass, as wide as it took and as high as its tokens; tokens of prompts stand on
 * those of decodes, gaps are idle. Of a long run the busiest time is drawn, the same for all policies.
 */
import { greatest } from "../../formats/index.js";
import { drawBaseLine, drawBottomAxis, drawLeftAxis, leftRoomPx, linearAxis, scaledUnit, type Area } from "./axes.js";
import { chartWidthPx, drawFrame, type LegendItem } from "./frame.js";
import { policyLooks, type PolicyLook } from "./palette.js";
import { drawPanelHeading } from "./panels.js";
import { plotOf, px, standsFor, type Plot } from "./plot.js";
import {
  busiestWindow,
  endOf,
  passesOf,
  sceneCount,
  sceneName,
  windowText,
  type Pass,
  type RunScene,
  type Window,
} from "./run-scene.js";
import { mark, softInk } from "./svg.js";
import { numberText } from "./text.js";
import type { TimelinePicture } from "./time-series-picture.js";
import { windowAxis } from "./window-axis.js";

const name = "batch_gantt";
const mostBoxes = 700;
const panelPx = 96;
const headingPx = 28;
const decodeOpacity = 0.4;

interface Row {
  readonly scene: RunScene;
  readonly engine: number;
  readonly heading: string;
  readonly passes: readonly Pass[];
}

export function batchGanttPicture({ title, scenes }: TimelinePicture): string {
  const engines = scenes.map(({ timeline }) => timeline.engines.length);
  const rowCount = engines.reduce((sum, count) => sum + count, 0);
  const window = busiestWindow(scenes, Math.max(8, Math.floor(mostBoxes / rowCount / 1.5)));
  const rows = scenes.flatMap((scene) => rowsOf(scene, window));
  const up = linearAxis(
    greatest(rows.flatMap(({ passes }) => passes.map(tokensOf))),
    "tokens",
    scaledUnit("tokens", 1),
  );
  const across = windowAxis(window);
  const leftPx = leftRoomPx(up);
  const areas = rows.map((_, at): Area => {
    const topPx = headingPx + at * (panelPx + headingPx + 4);
    return { leftPx, topPx, widthPx: chartWidthPx - leftPx - 22, heightPx: panelPx };
  });
  const all = scenes[0]!.timeline.work;
  return drawFrame(
    {
      name,
      title: `${title}: what was computed when (tokens in a pass), n = ${countText(rows)} passes of ${sceneCount(scenes).slice(4)}`,
      description: rows.map(({ heading, passes }) => `${heading}: ${passes.length} passes.`).join(" "),
      legend,
      notes: [
        "Width: time. Height: tokens computed at once. Prompt tokens on top of decodes in one box: a mixed step. Gaps: idle.",
        ...(all === "batches" || scenes.some(({ timeline }) => timeline.work === "batches")
          ? ["Of a batch, prompts are padded to the longest, and all decodes are one box, as high as its requests."]
          : []),
        samplingText(scenes, window),
      ],
      widthPx: chartWidthPx,
      bodyHeightPx: areas.at(-1)!.topPx + panelPx + 46,
    },
    [],
    (body) => {
      const looks = policyLooks(scenes.map(({ policy }) => policy));
      rows.forEach((row, at) => {
        const area = areas[at]!;
        drawPanelHeading(body, area, row.heading);
        drawLeftAxis(body, area, { ...up, label: "tokens" });
        const plot = plotOf(body, area, across, up);
        for (const pass of row.passes) drawPass(plot, row, pass, looks.get(row.scene.policy)!);
        if (at === rows.length - 1) drawBottomAxis(body, area, across);
        else drawBaseLine(body, area);
      });
    },
  );
}

function rowsOf(scene: RunScene, { fromNs, toNs }: Window): Row[] {
  const { timeline } = scene;
  return timeline.engines.map(({ work }, engine) => {
    const passes = work
      .filter(({ startNs, endNs }) => endNs > fromNs && startNs < toNs)
      .flatMap((one) => passesOf(timeline.work, one))
      .filter(({ startNs, endNs }) => endNs > fromNs && startNs < toNs);
    const replica = timeline.engines.length > 1 ? `, replica ${engine}` : "";
    return { scene, engine, passes, heading: `${sceneName(scene)}${replica}: ${busyText(passes, { fromNs, toNs })}` };
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

function drawPass(plot: Plot, { heading }: Row, pass: Pass, look: PolicyLook): void {
  const { body, x, y, area } = plot;
  const [fromPx, toPx] = [x(pass.startNs), x(pass.endNs)];
  const wide = px(Math.max(0.6, toPx - fromPx - 0.4));
  const { prefillTokens, decodeTokens } = pass;
  const box = (fromTokens: number, toTokens: number, opacity: number): void => {
    const topPx = Math.min(y(toTokens), y(fromTokens) - 1.2);
    const look2 = { fill: look.colour, ...(opacity < 1 ? { "fill-opacity": opacity } : {}) };
    mark(group, "rect", {
      x: fromPx,
      y: Math.max(area.topPx, topPx),
      width: wide,
      height: y(fromTokens) - Math.max(area.topPx, topPx),
      ...look2,
    });
  };
  const series = heading.slice(0, heading.indexOf(":"));
  const tookMs = numberText((pass.endNs - pass.startNs) / 1e6);
  const tip = `${prefillTokens} prompt tokens, ${decodeTokens} decodes, ${tookMs} ms`;
  const group = mark(body, "g", standsFor(series, plot, [pass.startNs, prefillTokens + decodeTokens]), tip);
  if (decodeTokens > 0) box(0, decodeTokens, decodeOpacity);
  if (prefillTokens > 0) box(decodeTokens, decodeTokens + prefillTokens, 1);
}

function tokensOf({ prefillTokens, decodeTokens }: Pass): number {
  return prefillTokens + decodeTokens;
}

function countText(rows: readonly Row[]): string {
  return rows.reduce((sum, { passes }) => sum + passes.length, 0).toLocaleString("en-US");
}

export function samplingText(scenes: readonly RunScene[], window: Window): string {
  if (window.fromNs === 0 && window.toNs >= endOf(scenes)) return "The whole run is drawn.";
  const share = Math.max(0.1, (100 * (window.toNs - window.fromNs)) / endOf(scenes));
  return `Drawn: ${windowText(window)}, about the longest queue; ${numberText(share, 2)} % of the run.`;
}

const legend: readonly LegendItem[] = [
  {
    text: "prefill: prompt tokens",
    draw: (swatch) => mark(swatch, "rect", { x: 6, y: 1, width: 16, height: 12, ...softInk }),
  },
  {
    text: "decode: one token of each request",
    draw: (swatch) =>
      mark(swatch, "rect", { x: 6, y: 1, width: 16, height: 12, ...softInk, "fill-opacity": decodeOpacity }),
  },
];
