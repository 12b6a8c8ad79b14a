/** What the page's charts share: a sheet as wide as its place, axes, and a line per policy with its name at its end. */
import {
  axisBottom,
  axisLeft,
  create,
  type AxisScale,
  type ScaleLinear,
  type ScaleLogarithmic,
  type Selection,
} from "d3";

export type Sheet = Selection<SVGGElement, undefined, null, undefined>;

export interface Frame {
  readonly sheet: Sheet;
  readonly width: number;
  readonly height: number;
}

const margin = { top: 18, right: 64, bottom: 38, left: 52 } as const;

interface Size {
  readonly label: string;
  readonly height?: number;
}

/** Empties `host` and puts a chart into it; `label` says it in words. */
export function chartIn(host: HTMLElement, { label, height: outer = 230 }: Size): Frame {
  const outerWidth = Math.max(220, host.clientWidth);
  const svg = create("svg")
    .attr("viewBox", `0 0 ${outerWidth} ${outer}`)
    .attr("width", outerWidth)
    .attr("height", outer)
    .attr("role", "img")
    .attr("aria-label", label);
  const width = outerWidth - margin.left - margin.right;
  const height = outer - margin.top - margin.bottom;
  const sheet = svg.append("g").attr("transform", `translate(${margin.left},${margin.top})`);
  host.replaceChildren(svg.node()!);
  return { sheet, width, height };
}

type Scale = ScaleLinear<number, number> | ScaleLogarithmic<number, number>;

interface AxesText {
  readonly x: Scale;
  readonly y: Scale;
  readonly xTitle: string;
  readonly xText: (value: number) => string;
  readonly yText: (value: number) => string;
}

export function drawAxes({ sheet, width, height }: Frame, { x, y, xTitle, xText, yText }: AxesText): void {
  const ticks = tickValues(x, Math.max(2, Math.floor(width / 80)));
  const grid = tickValues(y, 4);
  sheet
    .append("g")
    .attr("class", "grid")
    .selectAll("line")
    .data(grid)
    .join("line")
    .attr("x2", width)
    .attr("y1", (value) => y(value))
    .attr("y2", (value) => y(value));
  const bottom = axisBottom(x as AxisScale<number>)
    .tickValues(ticks)
    .tickFormat(xText)
    .tickSizeOuter(0);
  const left = axisLeft(y as AxisScale<number>)
    .tickValues(grid)
    .tickFormat(yText)
    .tickSize(0)
    .tickPadding(8);
  sheet.append("g").attr("class", "axis").attr("transform", `translate(0,${height})`).call(bottom);
  sheet.append("g").attr("class", "axis bare").call(left);
  sheet
    .append("text")
    .attr("class", "axis-title")
    .attr("x", width)
    .attr("y", height + 33)
    .attr("text-anchor", "end")
    .text(xTitle);
}

/** Of a logarithmic axis 1, 2 and 5 of each decade, or only 1 where that is too many. */
function tickValues(scale: Scale, count: number): number[] {
  if (!("base" in scale)) return scale.ticks(count);
  const [least, most] = scale.domain() as [number, number];
  const decades = (digits: readonly number[]): number[] => {
    const first = Math.floor(Math.log10(least));
    const values: number[] = [];
    for (let power = first; power <= Math.ceil(Math.log10(most)); power++) {
      for (const digit of digits) values.push(Number(`${digit}e${power}`));
    }
    return values.filter((value) => value >= least * 0.999 && value <= most * 1.001);
  };
  const fine = decades([1, 2, 5]);
  return fine.length <= count ? fine : decades([1]);
}

/** Names at the ends of lines, moved apart so that none covers another. */
export function drawEndNames(frame: Frame, ends: readonly { readonly policy: string; readonly y: number }[]): void {
  const least = 14;
  const placed = ends.toSorted((a, b) => a.y - b.y).map((end) => ({ ...end }));
  for (let at = 1; at < placed.length; at++) placed[at]!.y = Math.max(placed[at]!.y, placed[at - 1]!.y + least);
  const over = Math.max(0, (placed.at(-1)?.y ?? 0) - frame.height);
  for (let at = placed.length - 1, limit = Infinity; at >= 0; at--) {
    placed[at]!.y = Math.min(placed[at]!.y - (at === placed.length - 1 ? over : 0), limit);
    limit = placed[at]!.y - least;
  }
  frame.sheet
    .append("g")
    .selectAll("text")
    .data(placed)
    .join("text")
    .attr("class", ({ policy }) => `end-name ${policy}`)
    .attr("x", frame.width + 8)
    .attr("y", ({ y }) => y)
    .attr("dy", "0.32em")
    .text(({ policy }) => policy);
}
