/** Where the time of latencies went: for each latency a panel, in it a stacked bar for each statistic, a colour for each part. */
import { greatest, type AnswerParts } from "../../formats/index.js";
import { drawBaseLine, drawCategories, drawLeftAxis, leftRoomPx, linearAxis, scaledUnit, type Area } from "./axes.js";
import { chartWidthPx, drawFrame } from "./frame.js";
import { drawPanelHeading, panelGrid } from "./panels.js";
import { standsAt } from "./plot.js";
import { mark, type Mark } from "./svg.js";

export interface PartsPicture {
  readonly title: string;
  /** At least one. */
  readonly parts: readonly AnswerParts[];
  /** Of parts in words, in the order of a request's way. */
  readonly titles: Readonly<Record<string, string>>;
}

const name = "parts_picture";
const plotHeightPx = 300;
const barShare = 0.62;
/** A part that is less of every statistic is not drawn in a colour of its own. */
const LEAST_SHARE = 0.005;
/** Okabe and Ito's colours, lighter and darker ones of them for more. */
const colours = [
  ...["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#7f7f7f", "#004466", "#8c510a"],
  ...["#66c2a5", "#7b4ea3", "#b2df8a", "#fb9a99", "#1c2128"],
];

export function partsPicture({ title, parts, titles }: PartsPicture): string {
  const metrics = [...new Set(parts.map(({ statistic }) => metricOf(statistic)))];
  const panels = metrics.map((metric) => parts.filter(({ statistic }) => metricOf(statistic) === metric));
  const ups = panels.map((bars) => linearAxis(greatest(bars.map(({ value }) => value)), "", scaledUnit("ms", 1)));
  const drawn = Object.keys(titles).filter((part) =>
    parts.some((bar) => (bar.parts[part] ?? 0) >= LEAST_SHARE * bar.value),
  );
  const all = Object.keys(titles);
  const colourOf = (part: string): string => colours[all.indexOf(part) % colours.length]!;
  const leftPx = greatest(ups.map(leftRoomPx));
  const { areas, bodyHeightPx } = panelGrid(panels.length, { maxColumns: 3, leftPx, belowPx: 40, plotHeightPx });
  return drawFrame(
    {
      name,
      title,
      description: parts.map((bar) => inWords(bar, drawn, titles)).join(" "),
      legend: drawn.map((part) => ({
        text: titles[part]!,
        draw: (swatch) => mark(swatch, "rect", { x: 6, y: 1, width: 16, height: 12, fill: colourOf(part) }),
      })),
      notes: ["Percentiles: the requests around their rank. The parts add up to the statistic."],
      widthPx: chartWidthPx,
      bodyHeightPx,
    },
    [],
    (body) => {
      panels.forEach((bars, at) => {
        const area = areas[at]!;
        const up = ups[at]!;
        drawPanelHeading(body, area, metrics[at]!);
        drawLeftAxis(body, area, { ...up, label: `${metrics[at]!} (ms)` });
        drawBars(body, { area, bars, drawn, titles, colourOf, fraction: up.fraction });
        drawBaseLine(body, area);
      });
    },
  );
}

function metricOf(statistic: string): string {
  return statistic.slice(statistic.indexOf("_") + 1);
}

function inWords(
  { statistic, value, parts }: AnswerParts,
  drawn: readonly string[],
  titles: PartsPicture["titles"],
): string {
  const told = drawn.flatMap((part) =>
    parts[part] === undefined ? [] : [`${titles[part]!} ${Number(parts[part].toPrecision(3))}`],
  );
  return `${statistic} ${Number(value.toPrecision(4))} ms: ${told.join(", ")}.`;
}

interface Bars {
  readonly area: Area;
  readonly bars: readonly AnswerParts[];
  readonly drawn: readonly string[];
  readonly titles: PartsPicture["titles"];
  readonly colourOf: (part: string) => string;
  readonly fraction: (value: number) => number;
}

function drawBars(body: Mark, { area, bars, drawn, titles, colourOf, fraction }: Bars): void {
  const slotPx = area.widthPx / bars.length;
  const widthPx = Math.min(90, barShare * slotPx);
  const yPx = (value: number): number => area.topPx + area.heightPx * (1 - fraction(value));
  bars.forEach(({ statistic, parts }, at) => {
    let below = 0;
    for (const part of drawn) {
      const ms = parts[part] ?? 0;
      const topPx = yPx(below + ms);
      mark(
        body,
        "rect",
        {
          x: area.leftPx + (at + 0.5) * slotPx - widthPx / 2,
          y: topPx,
          width: widthPx,
          height: Math.max(0, yPx(below) - topPx),
          fill: colourOf(part),
          ...standsAt(titles[part]!, statistic, String(Number(ms.toPrecision(6)))),
        },
        `${titles[part]!}: ${Number(ms.toPrecision(4))} ms`,
      );
      below += ms;
    }
  });
  const categories = bars.map(({ statistic }, at) => ({
    xPx: area.leftPx + (at + 0.5) * slotPx,
    name: statistic.split("_")[0]!,
  }));
  drawCategories(body, area, categories, slotPx);
}
