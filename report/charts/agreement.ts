/**
 * Scatter plots of simulated against real values, a panel for each measure: on the diagonal the simulation is right, inside the
 * band it is within 10 %.
 */
import { area as areaShape, max } from "d3";
import {
  drawBottomAxis,
  drawLeftAxis,
  leftRoomPx,
  linearAxis,
  logAxis,
  wantsLog,
  type Unit,
  type ValueAxis,
} from "./axes.js";
import type { Chart } from "./chart.js";
import { dataNotes, loadName, sampleText, type ChartData } from "./chart-data.js";
import { chartWidthPx, drawFrame, markerPath, pointLegend, type LegendItem } from "./frame.js";
import { latency, type Measure } from "./measures.js";
import { countOf, type PairedCell } from "./parity-pairs.js";
import { policyLooks } from "./palette.js";
import { acrossPx, drawPanelHeading, panelGrid, panelOf, type Panel } from "./panels.js";
import { mark, softInk, whiskerLine, type Mark } from "./svg.js";

const mostPoints = 800;
const band = 0.1;

export interface Agreement {
  readonly name: string;
  readonly heading: string;
  readonly measures: readonly Measure[];
  readonly pairs: (data: ChartData, measure: Measure) => PairedCell[];
  /** Why there are no pairs although there are simulated and real requests. */
  readonly none: string;
  /** What a pair is of. */
  readonly what: string;
  readonly pointText: (seq: number) => string;
  readonly note: string;
}

interface Sheet {
  readonly measure: Measure;
  readonly pairs: readonly PairedCell[];
  readonly across: ValueAxis;
  readonly up: ValueAxis;
  readonly unit: Unit;
}

export function agreementChart(of: Agreement): Chart {
  return {
    name: of.name,
    plan: (data) => {
      if (data.sources.length === 1) {
        return `it sets simulated against real requests, and there are only ${data.sources[0] === "real" ? "real" : "simulated"} ones`;
      }
      const sheets = of.measures
        .map((measure) => ({ measure, pairs: of.pairs(data, measure) }))
        .filter(({ pairs }) => pairs.length > 0)
        .map(({ measure, pairs }): Sheet => ({ measure, pairs, ...axesOf(measure, pairs) }));
      return sheets.length === 0 ? of.none : ({ title, note }) => drawSheets(of, data, sheets, { title, note });
    },
  };
}

function drawSheets(
  of: Agreement,
  data: ChartData,
  sheets: readonly Sheet[],
  { title = of.heading, note }: { readonly title?: string | undefined; readonly note?: string | undefined },
): string {
  const columns = Math.max(2, sheets.length);
  const leftPx = max(sheets, ({ up }) => leftRoomPx(up))!;
  const side = (chartWidthPx - 4) / columns - leftPx - 18;
  const { areas, bodyHeightPx } = panelGrid(columns, { maxColumns: columns, leftPx, belowPx: 48, plotHeightPx: side });
  const joined = max(sheets, ({ pairs }) => countOf(pairs))!;
  const units = [...new Set(sheets.map(({ unit }) => unit.name))].join(" and ");
  const words = sheets.map(({ measure, pairs }) => closeness(measure, pairs, of.what));
  const count = joined.toLocaleString("en-US");
  return drawFrame(
    {
      name: of.name,
      title: `${title} (${units}), n = ${count} ${of.what === "requests" ? "pairs" : of.what} of ${sampleText(data).slice(4)}`,
      description: `Scatter plots of simulated against real values. ${words.join(" ")}`,
      legend: [...pointLegend(data), ...referenceLegend],
      notes: [
        ...words,
        ...(joined > mostPoints ? [`${mostPoints} evenly picked ${of.what} are drawn.`] : []),
        ...(data.cells.some(({ repeats }) => repeats.length > 1) ? [of.note] : []),
        ...dataNotes(data, latency.values),
        ...(note === undefined ? [] : [note]),
      ],
      widthPx: chartWidthPx,
      bodyHeightPx,
    },
    data.schedulers,
    (body) => {
      definePoints(body, data, of.name);
      sheets.forEach(({ measure, pairs, across, up, unit }, i) => {
        const area = areas[i]!;
        drawPanelHeading(body, area, measure.name);
        drawLeftAxis(body, area, up);
        drawBottomAxis(body, area, across);
        const panel = panelOf(body, area, data, up);
        drawBand(panel, across, up);
        drawPairs(panel, data, pairs, { across, unit, of });
      });
    },
  );
}

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
  const axis = (name: string): ValueAxis => {
    return wantsLog(low, high, 20) ? logAxis(low, high, name, unit) : linearAxis(high, name, unit);
  };
  return { across: axis("real"), up: axis("simulated"), unit };
}

function drawBand({ body, area }: Panel, across: ValueAxis, up: ValueAxis): void {
  const [low, high] = [across.ticks[0]!, across.ticks.at(-1)!];
  const values = Array.from({ length: 101 }, (_, i) => low + (high - low) * (i / 100) ** 3);
  const yPx = (value: number): number =>
    area.topPx + area.heightPx * (1 - Math.min(Math.max(up.fraction(value), 0), 1));
  const xPx = (value: number): number => acrossPx(area, across, value);
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
  { body, area, looks, yPx }: Panel,
  data: ChartData,
  pairs: readonly PairedCell[],
  { across, unit, of }: { readonly across: ValueAxis; readonly unit: Unit; readonly of: Agreement },
): void {
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
    const href = `#${pointId(data, scheduler, of.name)}`;
    const points = groups.get(scheduler)!;
    let at = (stride - (skipped % stride)) % stride;
    for (; at < seq.length; at += stride) {
      const x = acrossPx(area, across, real[at]!);
      const y = yPx(sim[at]!);
      const stands = { "data-series": scheduler, "data-x": unit.exact(real[at]!), "data-y": unit.exact(sim[at]!) };
      const values = `real ${unit.text(real[at]!, 6)}, simulated ${unit.text(sim[at]!, 6)} ${unit.name}`;
      mark(
        points,
        "use",
        { href, x, y, ...stands },
        `${scheduler}, ${loadName(load)}, ${of.pointText(seq[at]!)}: ${values}`,
      );
    }
    skipped += seq.length;
  }
}

/** Points are many: their shapes are drawn once, here, and used. */
function definePoints(body: Mark, data: ChartData, name: string): void {
  const looks = policyLooks(data.schedulers);
  const defs = mark(body, "defs");
  for (const scheduler of data.schedulers) {
    mark(defs, "path", { id: pointId(data, scheduler, name), d: markerPath(looks.get(scheduler)!, 34) });
  }
}

function pointId(data: ChartData, scheduler: string, name: string): string {
  return `${name}-point-${data.schedulers.indexOf(scheduler)}`;
}

/** `latency: 312 of 522 requests within 10 % (60 %).` */
function closeness(measure: Measure, pairs: readonly PairedCell[], what: string): string {
  const count = countOf(pairs);
  let close = 0;
  for (const { real, sim } of pairs) {
    for (let at = 0; at < real.length; at++) if (Math.abs(sim[at]! - real[at]!) <= band * real[at]!) close++;
  }
  const share = Math.round((100 * close) / count);
  return `${measure.name}: ${close} of ${count} ${what} within ${band * 100} % of the real value (${share} %).`;
}

const referenceLegend: readonly LegendItem[] = [
  { text: "simulated = real", draw: (swatch) => mark(swatch, "path", { d: "M4,13L22,1", ...whiskerLine }) },
  {
    text: "within 10 %",
    draw: (swatch) => mark(swatch, "rect", { x: 6, y: 1, width: 16, height: 12, ...softInk, "fill-opacity": 0.16 }),
  },
];
