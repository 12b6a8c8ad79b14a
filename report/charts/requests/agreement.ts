/**
 * Scatter plots of simulated against real values, a panel for each measure: on the diagonal the simulation is right, inside the
 * band it is within 10 %.
 */
import { area as areaShape, max } from "d3";
import {
  CLOSE,
  boxItem,
  drawDiagonal,
  lineItem,
  mark,
  markerPath,
  pointLegend,
  policyLooks,
  softInk,
  spanAxis,
  whiskerLine,
  type Mark,
  type Plot,
  type Unit,
} from "../drawing/index.js";
import type { Chart } from "./chart.js";
import { loadName, pooledNotes, sampleText, type ChartData } from "./chart-data.js";
import type { Measure } from "./measures.js";
import { countOf, type PairedCell } from "./pairs.js";

const mostPoints = 800;
const closeFill = { ...softInk, "fill-opacity": 0.16 } as const;

interface Agreement extends Pick<Chart, "name" | "heading"> {
  readonly measures: readonly Measure[];
  readonly pairs: (data: ChartData, measure: Measure) => PairedCell[];
  /** Why there are no pairs although there are simulated and real requests. */
  readonly none: string;
  /** What a pair is of. */
  readonly what: "requests" | "quantiles";
  readonly pointText: (seq: number) => string;
  readonly note: string;
}

interface Sheet {
  readonly measure: Measure;
  readonly pairs: readonly PairedCell[];
  readonly ends: readonly [number, number];
  readonly unit: Unit;
}

export function agreementChart(of: Agreement): Chart {
  const { name, heading, what } = of;
  return {
    name,
    heading,
    needsBoth: true,
    plan: (data) => {
      const sheets = of.measures.flatMap((measure) => sheetOf(measure, of.pairs(data, measure)));
      if (sheets.length === 0) return of.none;
      const joined = max(sheets, ({ pairs }) => countOf(pairs))!;
      const words = sheets.map((sheet) => closeness(sheet, what));
      return {
        units: [...new Set(sheets.map(({ unit }) => unit.name))].join(" and "),
        sample: `n = ${joined.toLocaleString("en-US")} ${what === "requests" ? "pairs" : what} of ${sampleText(data).slice(4)}`,
        description: `Scatter plots of simulated against real values. ${words.join(" ")}`,
        legend: [
          ...pointLegend(data),
          lineItem("simulated = real", whiskerLine, "M4,13L22,1"),
          boxItem("within 10 %", closeFill),
        ],
        notes: [
          ...words,
          ...(joined > mostPoints ? [`${mostPoints} evenly picked ${what} are drawn.`] : []),
          ...pooledNotes(data, of.note),
        ],
        layout: { columns: Math.max(2, sheets.length), plotHeightPx: "square" },
        // Points are many: their shapes are drawn once, and used.
        define: (defs) => {
          const looks = policyLooks(data.schedulers);
          for (const [at, scheduler] of data.schedulers.entries()) {
            mark(defs, "path", { id: `${name}-point-${at}`, d: markerPath(looks.get(scheduler)!, 34) });
          }
        },
        // Equal axes, so that the diagonal is where both agree.
        panels: sheets.map((sheet) => ({
          heading: sheet.measure.name,
          across: spanAxis(sheet.ends, 20, "real", sheet.unit),
          up: spanAxis(sheet.ends, 20, "simulated", sheet.unit),
          draw: (plot) => {
            drawBand(plot);
            drawPairs(plot, data, sheet, of);
          },
        })),
      };
    },
  };
}

function sheetOf(measure: Measure, pairs: readonly PairedCell[]): Sheet[] {
  if (pairs.length === 0) return [];
  let [low, high] = [Infinity, -Infinity];
  for (const { real, sim } of pairs) {
    for (const values of [real, sim]) {
      for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
    }
  }
  return [{ measure, pairs, ends: [low, high], unit: measure.unit(high) }];
}

function drawBand(plot: Plot): void {
  const { body, across, x, y } = plot;
  const [low, high] = [across.ticks[0]!, across.ticks.at(-1)!];
  const values = Array.from({ length: 101 }, (_, i) => low + (high - low) * (i / 100) ** 3);
  const shape = areaShape<number>()
    .digits(2)
    .x(x)
    .y0((value) => y(value * (1 - CLOSE)))
    .y1((value) => y(value * (1 + CLOSE)))(values)!;
  mark(body, "path", { d: shape, ...closeFill });
  drawDiagonal(plot);
}

function drawPairs(
  plot: Plot,
  { schedulers }: ChartData,
  { pairs, unit }: Sheet,
  { name, pointText }: Agreement,
): void {
  const stride = Math.ceil(countOf(pairs) / mostPoints);
  const groups = groupsOf(plot, schedulers);
  let skipped = 0;
  for (const { cell, seq, real, sim } of pairs) {
    const { scheduler, load } = cell;
    const href = `#${name}-point-${schedulers.indexOf(scheduler)}`;
    let at = (stride - (skipped % stride)) % stride;
    for (; at < seq.length; at += stride) {
      const [ofReal, ofSim] = [real[at]!, sim[at]!];
      const stands = { "data-series": scheduler, "data-x": unit.exact(ofReal), "data-y": unit.exact(ofSim) };
      const values = `real ${unit.text(ofReal, 6)}, simulated ${unit.text(ofSim, 6)} ${unit.name}`;
      const tip = `${scheduler}, ${loadName(load)}, ${pointText(seq[at]!)}: ${values}`;
      mark(groups.get(scheduler)!, "use", { href, x: plot.x(ofReal), y: plot.y(ofSim), ...stands }, tip);
    }
    skipped += seq.length;
  }
}

function groupsOf({ body, look: lookOf }: Plot, schedulers: readonly string[]): ReadonlyMap<string, Mark> {
  return new Map(
    schedulers.map((scheduler) => {
      const { colour } = lookOf(scheduler);
      const look = { "fill-opacity": 0.1, stroke: colour, "stroke-opacity": 0.75, "stroke-width": 1.2 };
      return [scheduler, mark(body, "g", { fill: colour, ...look })];
    }),
  );
}

/** `latency: 312 of 522 requests within 10 % of the real value (60 %).` */
function closeness({ measure, pairs }: Sheet, what: string): string {
  const count = countOf(pairs);
  let close = 0;
  for (const { real, sim } of pairs) {
    for (let at = 0; at < real.length; at++) if (Math.abs(sim[at]! - real[at]!) <= CLOSE * real[at]!) close++;
  }
  const share = Math.round((100 * close) / count);
  return `${measure.name}: ${close} of ${count} ${what} within ${CLOSE * 100} % of the real value (${share} %).`;
}
