/**
 * The time series of the page share one window of time: dragging over one of them, or its buttons, zooms all. Times are those since a
 * run's start, in the unit of each chart.
 */
import { element } from "./element.js";
import { tickValues } from "./tick-values.js";

/** Seconds since the start of the runs; undefined: each run from its start to its end. */
type Span = readonly [from: number, to: number] | undefined;

/** Less of a drag is a click. */
const LEAST_DRAG_PX = 6;
/** Of the longest run: no closer. */
const LEAST_SHARE = 1 / 200;
const SVG = "http://www.w3.org/2000/svg";
const SECONDS: Readonly<Record<string, number>> = { ms: 1e-3, s: 1, min: 60, h: 3600 };

export function zoomTimes(): void {
  const charts = [...document.querySelectorAll<HTMLElement>("figure[data-chart]")].flatMap((figure) => {
    const windows = [...figure.querySelectorAll<SVGSVGElement>("svg.time-window")];
    return windows.length === 0 ? [] : [new TimeChart(figure, windows)];
  });
  const longest = charts.reduce((most, { endS }) => Math.max(most, endS), 0);
  let span: Span;
  const show = (wanted: Span): void => {
    span = wanted === undefined ? undefined : within(wanted, longest);
    for (const chart of charts) chart.show(span);
  };
  for (const chart of charts) chart.addControls(() => span ?? [0, longest], show);
}

function within([from, to]: readonly [number, number], longest: number): Span {
  const length = Math.max(Math.min(to - from, longest), longest * LEAST_SHARE);
  const start = Math.min(Math.max((from + to - length) / 2, 0), longest - length);
  return length === longest ? undefined : [start, start + length];
}

class TimeChart {
  readonly endS: number;
  private readonly perUnit: number;
  private readonly unit: string;
  private readonly whole: readonly { readonly window: SVGSVGElement; readonly viewBox: readonly number[] }[];
  private readonly said = element("output", { class: "zoom-text" });
  private readonly originals: ReadonlyMap<SVGGElement, readonly ChildNode[]>;

  constructor(
    private readonly figure: HTMLElement,
    windows: readonly SVGSVGElement[],
  ) {
    const label = [...figure.querySelectorAll("text")].map(({ textContent }) => textContent).find((text) => text.startsWith("time since")) ?? ""; // prettier-ignore
    this.unit = /\((ms|s|min|h)\b/.exec(label)?.[1] ?? "s";
    this.perUnit = SECONDS[this.unit]!;
    this.endS = Number(windows[0]!.dataset.to) * this.perUnit;
    this.whole = windows.map((window) => ({ window, viewBox: window.getAttribute("viewBox")!.split(" ").map(Number) }));
    const groups = [...figure.querySelectorAll<SVGGElement>("g.time-ticks")];
    this.originals = new Map(groups.map((group) => [group, [...group.childNodes]]));
  }

  addControls(current: () => readonly [number, number], show: (span: Span) => void): void {
    const scale = (by: number): void => {
      const [from, to] = current();
      const [middle, half] = [(from + to) / 2, ((to - from) * by) / 2];
      show([middle - half, middle + half]);
    };
    const move = (by: number): void => {
      const [from, to] = current();
      show([from + by * (to - from), to + by * (to - from)]);
    };
    const button = (text: string, act: () => void): HTMLElement => {
      const made = element("button", { type: "button" }, text);
      made.addEventListener("click", act);
      return made;
    };
    const controls = element(
      "span",
      { class: "series", role: "group", "aria-label": "Time shown in all time series" },
      button("Zoom in", () => { scale(0.5); }), // prettier-ignore
      button("Zoom out", () => { scale(2); }), // prettier-ignore
      button("Earlier", () => { move(-0.5); }), // prettier-ignore
      button("Later", () => { move(0.5); }), // prettier-ignore
      button("Whole run", () => { show(undefined); }), // prettier-ignore
      this.said,
    );
    this.figure.querySelector(".tools")?.append(controls);
    this.listenToDrags(current, show);
    this.show(undefined);
  }

  show(span: Span): void {
    const [from, to] = span ?? [0, this.endS];
    for (const { window, viewBox } of this.whole) {
      const [x, y, width, height] = viewBox as [number, number, number, number];
      const left = x + (width * from) / this.endS;
      window.setAttribute("viewBox", [left, y, (width * (to - from)) / this.endS, height].join(" "));
    }
    const text = (s: number): string => String(Number((s / this.perUnit).toPrecision(4)));
    this.said.textContent =
      span === undefined ? "drag over a panel to zoom" : `${text(from)} to ${text(to)} ${this.unit}`;
    for (const [group, original] of this.originals) {
      if (span === undefined) group.replaceChildren(...original);
      else this.drawTicks(group, original, [from / this.perUnit, to / this.perUnit]);
    }
  }

  /** Where the original ticks were, at round times of the span. */
  private drawTicks(group: SVGGElement, original: readonly ChildNode[], [from, to]: readonly [number, number]): void {
    const line = original.find((node) => (node as Element).tagName === "path") as SVGPathElement | undefined;
    const label = original.find((node) => (node as Element).tagName === "text") as SVGTextElement | undefined;
    if (line === undefined) return;
    const [x, , width] = this.whole[0]!.viewBox as [number, number, number];
    const vertical = /,(.*)$/.exec(line.getAttribute("d")!)![1]!;
    const made = tickValues(from, to, 8).flatMap((tick) => {
      const at = x + (width * (tick - from)) / (to - from);
      const own = line.cloneNode() as SVGPathElement;
      own.setAttribute("d", `M${at.toFixed(2)},${vertical}`);
      if (label === undefined) return [own];
      const text = label.cloneNode() as SVGTextElement;
      text.setAttribute("x", at.toFixed(2));
      text.textContent = String(tick);
      return [own, text];
    });
    group.replaceChildren(...made);
  }

  private listenToDrags(current: () => readonly [number, number], show: (span: Span) => void): void {
    const plot = this.figure.querySelector<HTMLElement>(".plot")!;
    let start: number | undefined;
    let band: SVGRectElement | undefined;
    let wasDragged = false;
    plot.addEventListener("pointerdown", (event) => {
      const { left: from, right } = this.edges();
      wasDragged = false;
      start = event.button === 0 && event.clientX >= from && event.clientX <= right ? event.clientX : undefined;
    });
    plot.addEventListener("pointermove", (event) => {
      if (start === undefined || Math.abs(event.clientX - start) < LEAST_DRAG_PX) return;
      wasDragged = true;
      band ??= this.addBand();
      this.placeBand(band, start, event.clientX);
    });
    plot.addEventListener("pointerup", (event) => {
      if (start !== undefined && wasDragged) {
        const [from, to] = current();
        const { left: edge, right } = this.edges();
        const at = (x: number): number =>
          from + ((to - from) * Math.min(Math.max(x - edge, 0), right - edge)) / (right - edge);
        show([at(Math.min(start, event.clientX)), at(Math.max(start, event.clientX))]);
      }
      start = undefined;
      band?.remove();
      band = undefined;
    });
    // What ends a drag pins no note.
    plot.addEventListener("click", (event) => { if (wasDragged) event.stopImmediatePropagation(); }, { capture: true }); // prettier-ignore
  }

  /** Of the panels on the screen, px: the body of a chart is moved down alone. */
  private edges(): { readonly left: number; readonly right: number } {
    const outer = this.figure.querySelector("svg")!;
    const matrix = outer.getScreenCTM()!;
    const [x, , width] = this.whole[0]!.viewBox as [number, number, number];
    return { left: matrix.e + x * matrix.a, right: matrix.e + (x + width) * matrix.a };
  }

  private addBand(): SVGRectElement {
    const band = document.createElementNS(SVG, "rect");
    band.setAttribute("class", "brush");
    this.figure.querySelector("svg")!.append(band);
    return band;
  }

  private placeBand(band: SVGRectElement, from: number, to: number): void {
    const outer = this.figure.querySelector("svg")!;
    const { a, e } = outer.getScreenCTM()!;
    const { left, right } = this.edges();
    const clamp = (x: number): number => (Math.min(Math.max(x, left), right) - e) / a;
    const [x, until] = [clamp(Math.min(from, to)), clamp(Math.max(from, to))];
    const boxes = this.whole.map(({ window }) => window.getBoundingClientRect());
    const top = boxes.reduce((least, box) => Math.min(least, box.top), Infinity);
    const bottom = boxes.reduce((most, box) => Math.max(most, box.bottom), -Infinity);
    const { d, f } = outer.getScreenCTM()!;
    for (const [key, value] of Object.entries({ x, y: (top - f) / d, width: until - x, height: (bottom - top) / d })) {
      band.setAttribute(key, value.toFixed(1));
    }
  }
}
