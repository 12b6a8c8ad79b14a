/** Where the time of latencies went: for each latency a panel, in it a stacked bar for each statistic, a colour for each part. */
import { group } from "d3";
import { greatest, type AnswerParts } from "../../../formats/index.js";
import {
  boxItem,
  figureSvg,
  figureText,
  linearAxis,
  mark,
  scaledUnit,
  standsFor,
  type Across,
  type CategoryAxis,
  type Plot,
} from "../drawing/index.js";

export interface PartsPicture {
  readonly title: string;
  /** At least one. */
  readonly parts: readonly AnswerParts[];
  /** Of parts in words, in the order of a request's way. */
  readonly titles: Readonly<Record<string, string>>;
}

const barShare = 0.62;
/** A part that is less of every statistic is not drawn in a colour of its own. */
const LEAST_SHARE = 0.005;
/** Okabe and Ito's colours, lighter and darker ones of them for more. */
const colours = [
  ...["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#7f7f7f", "#004466", "#8c510a"],
  ...["#66c2a5", "#7b4ea3", "#b2df8a", "#fb9a99", "#1c2128"],
];

interface Part {
  readonly name: string;
  readonly title: string;
  readonly colour: string;
}

export function partsPicture({ title, parts, titles }: PartsPicture): string {
  const drawn = Object.entries(titles)
    .map(([name, text], at): Part => ({ name, title: text, colour: colours[at % colours.length]! }))
    .filter(({ name }) => parts.some((bar) => (bar.parts[name] ?? 0) >= LEAST_SHARE * bar.value));
  const metrics = group(parts, ({ statistic }) => statistic.slice(statistic.indexOf("_") + 1));
  return figureSvg({
    name: "parts_picture",
    title,
    description: parts.map((bar) => inWords(bar, drawn)).join(" "),
    legend: drawn.map(({ title: text, colour }) => boxItem(text, { fill: colour })),
    notes: ["Percentiles: the requests around their rank. The parts add up to the statistic."],
    layout: { columns: Math.min(metrics.size, 3), plotHeightPx: 300, belowPx: 18 },
    panels: [...metrics].map(([heading, bars]) => ({
      heading,
      across: (place) => barsAxis(bars, place),
      up: linearAxis(greatest(bars.map(({ value }) => value)), heading, scaledUnit("ms", 1)),
      bottom: "over",
      draw: (plot) => {
        drawBars(plot, bars, drawn);
      },
    })),
  });
}

function inWords({ statistic, value, parts }: AnswerParts, drawn: readonly Part[]): string {
  const told = drawn.flatMap(({ name, title }) =>
    parts[name] === undefined ? [] : [`${title} ${figureText(parts[name], 3)}`],
  );
  return `${statistic} ${figureText(value)} ms: ${told.join(", ")}.`;
}

function barsAxis(bars: readonly AnswerParts[], { leftPx, widthPx }: Across): CategoryAxis {
  return {
    label: "",
    ticks: bars.map((_, at) => at),
    tickText: (at) => bars[at]!.statistic.split("_")[0]!,
    xPx: (at) => leftPx + (widthPx * (at + 0.5)) / bars.length,
    exact: (at) => bars[at]!.statistic,
    slotPx: widthPx / bars.length,
    details: [],
  };
}

function drawBars(plot: Plot, bars: readonly AnswerParts[], drawn: readonly Part[]): void {
  const { body, area, x, y } = plot;
  const width = Math.min(90, (barShare * area.widthPx) / bars.length);
  bars.forEach(({ parts }, at) => {
    let below = 0;
    for (const { name, title, colour: fill } of drawn) {
      const ms = parts[name] ?? 0;
      const box = { x: x(at) - width / 2, y: y(below + ms), width, height: y(below) - y(below + ms), fill };
      mark(body, "rect", { ...box, ...standsFor(title, plot, [at, ms]) }, `${title}: ${figureText(ms)} ms`);
      below += ms;
    }
  });
}
