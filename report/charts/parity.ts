/**
 * Simulated against real, request by request, joined by scheduler, load and sequence number (means over the repeats):
 * on the diagonal the simulation is right, inside the band it is within 10 %.
 */
import { area as areaShape, max } from "d3";
import {
  drawBottomAxis,
  drawLeftAxis,
  leftRoomPx,
  linearAxis,
  logAxis,
  wantsLog,
  type Area,
  type Unit,
  type ValueAxis,
} from "./axes.js";
import type { Chart } from "./chart.js";
import { dataNotes, loadName, sampleText, type ChartData } from "./chart-data.js";
import { chartWidthPx, drawFrame, markerPath, pointLegend, type LegendItem } from "./frame.js";
import { latency, ttft, type Measure } from "./measures.js";
import { countOf, pairsOf, type PairedCell } from "./parity-pairs.js";
import { policyLooks } from "./palette.js";
import { drawPanelHeading, panelGrid } from "./panels.js";
import { mark, softInk, whiskerLine, type Mark } from "./svg.js";

const mostPoints = 800;
const band = 0.1;

export const parity: Chart = {
  name: "parity",
  unfit: (data) => {
    if (data.sources.length === 1) {
      return `it sets simulated against real requests, and there are only ${data.sources[0] === "real" ? "real" : "simulated"} ones`;
    }
    const joined = [latency, ttft].some((measure) => pairsOf(data, measure.values).length > 0);
    return joined ? undefined : "no simulated request has a real one with the same scheduler, load and sequence number";
  },
  draw: (data, { title = "Simulated against real, request by request", note }) => {
    const panels = [ttft, latency]
      .map((measure) => ({ measure, pairs: pairsOf(data, measure.values) }))
      .filter(({ pairs }) => pairs.length > 0)
      .map(({ measure, pairs }) => ({ measure, pairs, ...axesOf(measure, pairs) }));
    const leftPx = max(panels, ({ up }) => leftRoomPx(up))!;
    const side = (chartWidthPx - 4) / 2 - leftPx - 18;
    const { areas, bodyHeightPx } = panelGrid(2, { maxColumns: 2, leftPx, belowPx: 48, plotHeightPx: side });
    const joined = max(panels, ({ pairs }) => countOf(pairs))!;
    const units = [...new Set(panels.map(({ unit }) => unit.name))].join(" and ");
    return drawFrame(
      {
        name: "parity",
        title: `${title} (${units}), n = ${joined.toLocaleString("en-US")} pairs of ${sampleText(data).slice(4)}`,
        description: `Scatter plots of simulated against real values. ${panels.map(({ measure, pairs }) => closeness(measure, pairs)).join(" ")}`,
        legend: [...pointLegend(data), ...referenceLegend],
        notes: [
          ...panels.map(({ measure, pairs }) => closeness(measure, pairs)),
          ...(joined > mostPoints ? [`${mostPoints} evenly picked requests are drawn.`] : []),
          ...(data.cells.some(({ repeats }) => repeats.length > 1) ? ["Each request: mean over its repeats."] : []),
          ...dataNotes(data, latency.values),
          ...(note === undefined ? [] : [note]),
        ],
        widthPx: chartWidthPx,
        bodyHeightPx,
      },
      data.schedulers,
      (body) => {
        definePoints(body, data);
        panels.forEach(({ measure, pairs, across, up, unit }, i) => {
          const area = areas[i]!;
          drawPanelHeading(body, area, measure.name);
          drawLeftAxis(body, area, up);
          drawBottomAxis(body, area, across);
          drawBand(body, area, across, up);
          drawPairs(body, area, data, pairs, across, up, unit);
        });
      },
    );
  },
};

/** Equal axes, so that the diagonal is where both agree; logarithmic where values span more than 20 times. */
function axesOf(measure: Measure, pairs: readonly PairedCell[]): { across: ValueAxis; up: ValueAxis; unit: Unit } {
  let [low, high] = [Infinity, -Infinity];
  for (const { real, sim } of pairs) {
    for (const values of [real, sim]) {
      for (const value of values) {
        if (value < low) low = value;
        if (value > high) high = value;
      }
    }
  }
  const unit = measure.unit(high);
  const axis = (source: string): ValueAxis => {
    const name = `${source} ${measure.name}`;
    return wantsLog(low, high, 20) ? logAxis(low, high, name, unit) : linearAxis(high, name, unit);
  };
  return { across: axis("real"), up: axis("simulated"), unit };
}

function drawBand(body: Mark, area: Area, across: ValueAxis, up: ValueAxis): void {
  const [low, high] = [across.ticks[0]!, across.ticks.at(-1)!];
  const values = Array.from({ length: 101 }, (_, i) => low + (high - low) * (i / 100) ** 3);
  const yPx = (value: number): number =>
    area.topPx + area.heightPx * (1 - Math.min(Math.max(up.fraction(value), 0), 1));
  const xPx = (value: number): number => area.leftPx + area.widthPx * across.fraction(value);
  const shape = areaShape<number>()
    .digits(2)
    .x(xPx)
    .y0((value) => yPx(value * (1 - band)))
    .y1((value) => yPx(value * (1 + band)))(values)!;
  mark(body, "path", { d: shape, ...softInk, "fill-opacity": 0.16 });
  const line = { x1: xPx(low), y1: yPx(low), x2: xPx(high), y2: yPx(high) };
  mark(body, "line", { ...line, ...whiskerLine });
}

function drawPairs(
  body: Mark,
  area: Area,
  data: ChartData,
  pairs: readonly PairedCell[],
  across: ValueAxis,
  up: ValueAxis,
  unit: Unit,
): void {
  const looks = policyLooks(data.schedulers);
  const stride = Math.ceil(countOf(pairs) / mostPoints);
  const groups = new Map(
    data.schedulers.map((scheduler) => {
      const { colour } = looks.get(scheduler)!;
      return [
        scheduler,
        mark(body, "g", {
          fill: colour,
          "fill-opacity": 0.1,
          stroke: colour,
          "stroke-opacity": 0.75,
          "stroke-width": 1.2,
        }),
      ];
    }),
  );
  let skipped = 0;
  for (const { scheduler, load, seq, real, sim } of pairs) {
    const href = `#${pointId(data, scheduler)}`;
    const points = groups.get(scheduler)!;
    let at = (stride - (skipped % stride)) % stride;
    for (; at < seq.length; at += stride) {
      const x = area.leftPx + area.widthPx * across.fraction(real[at]!);
      const y = area.topPx + area.heightPx * (1 - up.fraction(sim[at]!));
      const values = `real ${unit.text(real[at]!, 6)}, simulated ${unit.text(sim[at]!, 6)} ${unit.name}`;
      mark(points, "use", { href, x, y }, `${scheduler}, ${loadName(load)}, request ${seq[at]!}: ${values}`);
    }
    skipped += seq.length;
  }
}

/** Points are many: their shapes are drawn once, here, and used. */
function definePoints(body: Mark, data: ChartData): void {
  const looks = policyLooks(data.schedulers);
  const defs = mark(body, "defs");
  for (const scheduler of data.schedulers) {
    mark(defs, "path", { id: pointId(data, scheduler), d: markerPath(looks.get(scheduler)!, 34) });
  }
}

function pointId(data: ChartData, scheduler: string): string {
  return `parity-point-${data.schedulers.indexOf(scheduler)}`;
}

/** `latency: 312 of 522 requests within 10 % (60 %).` */
function closeness(measure: Measure, pairs: readonly PairedCell[]): string {
  const count = countOf(pairs);
  let close = 0;
  for (const { real, sim } of pairs) {
    for (let at = 0; at < real.length; at++) if (Math.abs(sim[at]! - real[at]!) <= band * real[at]!) close++;
  }
  const share = Math.round((100 * close) / count);
  return `${measure.name}: ${close} of ${count} requests within ${band * 100} % of the real value (${share} %).`;
}

const referenceLegend: readonly LegendItem[] = [
  { text: "simulated = real", draw: (swatch) => mark(swatch, "path", { d: "M4,13L22,1", ...whiskerLine }) },
  {
    text: "within 10 %",
    draw: (swatch) => mark(swatch, "rect", { x: 6, y: 1, width: 16, height: 12, ...softInk, "fill-opacity": 0.16 }),
  },
];
