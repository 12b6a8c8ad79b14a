/**
 * Simulated against real, request by request, joined by scheduler, load and sequence number (means over the repeats):
 * on the diagonal the simulation is right, inside the band it is within 10 %.
 */
import { area as areaShape, group, max, mean, min } from "d3";
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
import { dataNotes, isUsable, loadName, sampleText, type ChartData } from "./chart-data.js";
import type { ChartRow } from "./chart-row.js";
import { chartWidthPx, drawFrame, markerPath, pointLegend, type LegendItem } from "./frame.js";
import { latency, ttft, type Measure } from "./measures.js";
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
    const joined = [latency, ttft].some((measure) => pairsOf(data, measure).length > 0);
    return joined ? undefined : "no simulated request has a real one with the same scheduler, load and sequence number";
  },
  draw: (data, { title = "Simulated against real, request by request", note }) => {
    const panels = [ttft, latency]
      .map((measure) => ({ measure, pairs: pairsOf(data, measure) }))
      .filter(({ pairs }) => pairs.length > 0)
      .map(({ measure, pairs }) => ({ measure, pairs, ...axesOf(measure, pairs) }));
    const leftPx = max(panels, ({ up }) => leftRoomPx(up))!;
    const side = (chartWidthPx - 4) / 2 - leftPx - 18;
    const { areas, bodyHeightPx } = panelGrid(2, { maxColumns: 2, leftPx, belowPx: 48, plotHeightPx: side });
    const joined = max(panels, ({ pairs }) => pairs.length)!;
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
          ...dataNotes(data, latency.value),
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

interface Pair {
  readonly scheduler: string;
  readonly load: string;
  readonly seq: number;
  readonly real: number;
  readonly sim: number;
}

/** Requests that both sources have, with the mean of each side over its repeats. */
function pairsOf(data: ChartData, { value }: Measure): Pair[] {
  const rows = data.cells.flatMap(({ repeats }) => repeats.flat()).filter((row) => isUsable(value(row)));
  const joined = group(rows, (row) => JSON.stringify([row.scheduler, row.load, row.seq]));
  return [...joined.values()].flatMap((same) => {
    const side = (source: ChartRow["source"]): number | undefined =>
      mean(
        same.filter((row) => row.source === source),
        value,
      );
    const [real, sim] = [side("real"), side("sim")];
    const { scheduler, load, seq } = same[0]!;
    return real === undefined || sim === undefined ? [] : [{ scheduler, load, seq, real, sim }];
  });
}

/** Equal axes, so that the diagonal is where both agree; logarithmic where values span more than 20 times. */
function axesOf(measure: Measure, pairs: readonly Pair[]): { across: ValueAxis; up: ValueAxis; unit: Unit } {
  const low = min(pairs, ({ real, sim }) => Math.min(real, sim))!;
  const high = max(pairs, ({ real, sim }) => Math.max(real, sim))!;
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
  pairs: readonly Pair[],
  across: ValueAxis,
  up: ValueAxis,
  unit: Unit,
): void {
  const looks = policyLooks(data.schedulers);
  const stride = Math.ceil(pairs.length / mostPoints);
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
  pairs.forEach((pair, i) => {
    if (i % stride !== 0) return;
    const x = area.leftPx + area.widthPx * across.fraction(pair.real);
    const y = area.topPx + area.heightPx * (1 - up.fraction(pair.sim));
    const values = `real ${unit.text(pair.real, 6)}, simulated ${unit.text(pair.sim, 6)} ${unit.name}`;
    const tip = `${pair.scheduler}, ${loadName(pair.load)}, request ${pair.seq}: ${values}`;
    const href = `#${pointId(data, pair.scheduler)}`;
    mark(groups.get(pair.scheduler)!, "use", { href, x, y }, tip);
  });
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
function closeness(measure: Measure, pairs: readonly Pair[]): string {
  const close = pairs.filter(({ real, sim }) => Math.abs(sim - real) <= band * real).length;
  const share = Math.round((100 * close) / pairs.length);
  return `${measure.name}: ${close} of ${pairs.length} requests within ${band * 100} % of the real value (${share} %).`;
}

const referenceLegend: readonly LegendItem[] = [
  { text: "simulated = real", draw: (swatch) => mark(swatch, "path", { d: "M4,13L22,1", ...whiskerLine }) },
  {
    text: "within 10 %",
    draw: (swatch) => mark(swatch, "rect", { x: 6, y: 1, width: 16, height: 12, ...softInk, "fill-opacity": 0.16 }),
  },
];
