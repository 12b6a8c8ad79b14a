/** The box that says what a mark stands for: under the pointer, at the mark that the keys are at, or pinned. */
import { middleOf, type ChartMark } from "./chart-marks.js";
import { element } from "./element.js";

/** How far from a mark the pointer still means it, px. */
const REACH_PX = 24;
/** Marks wider than this are lines and areas, which the pointer must touch. */
const LARGE_PX = 60;

export class ChartTips {
  private readonly tip = element("div", { class: "tip", hidden: "" });
  private readonly ring = element("div", { class: "ring", hidden: "" });
  private readonly said = element("p", { class: "said", role: "status" });
  private readonly byNode: ReadonlyMap<Element, ChartMark>;
  private readonly pinned = new Map<ChartMark, HTMLElement>();
  private shown: ChartMark | undefined;

  constructor(
    private readonly figure: HTMLElement,
    plot: HTMLElement,
    private readonly marks: readonly ChartMark[],
  ) {
    this.byNode = new Map(marks.map((mark) => [mark.node, mark]));
    figure.append(this.ring, this.tip, this.said);
    plot.addEventListener("pointermove", (event) => {
      this.show(this.at(event));
    });
    plot.addEventListener("pointerleave", () => {
      this.show(undefined);
    });
    plot.addEventListener("click", (event) => {
      const mark = this.at(event);
      if (mark !== undefined) this.pin(mark);
    });
    plot.addEventListener("scroll", this.placeAll);
    window.addEventListener("resize", this.placeAll);
  }

  /** `isSaid`: also to those who cannot see it. */
  show(mark: ChartMark | undefined, isSaid = false): void {
    this.shown = mark;
    this.tip.hidden = this.ring.hidden = mark === undefined;
    if (mark === undefined) return;
    this.tip.textContent = mark.text;
    if (isSaid) this.said.textContent = mark.text;
    this.placeAll();
  }

  /** Keeps the box of a mark, or takes it away again. */
  pin(mark: ChartMark): void {
    const old = this.pinned.get(mark);
    if (old !== undefined) {
      old.remove();
      this.pinned.delete(mark);
      return;
    }
    const close = element("button", { type: "button", "aria-label": `Remove the note: ${mark.text}` }, "×");
    const box = element("div", { class: "tip pinned" }, mark.text, close);
    close.addEventListener("click", () => {
      this.pin(mark);
    });
    this.pinned.set(mark, box);
    this.figure.append(box);
    this.placeAll();
  }

  /** Takes all pinned boxes away. */
  clear(): void {
    for (const mark of [...this.pinned.keys()]) this.pin(mark);
    this.show(undefined);
  }

  private at(event: MouseEvent): ChartMark | undefined {
    for (let node = event.target as Element | null; node !== null; node = node.parentElement) {
      const mark = this.byNode.get(node);
      if (mark !== undefined) return mark;
    }
    let [nearest, least]: [ChartMark | undefined, number] = [undefined, REACH_PX];
    for (const mark of this.marks) {
      const { left, top, width, height } = mark.node.getBoundingClientRect();
      if (width > LARGE_PX || height > LARGE_PX) continue;
      const far = Math.hypot(left + width / 2 - event.clientX, top + height / 2 - event.clientY);
      if (far < least) [nearest, least] = [mark, far];
    }
    return nearest;
  }

  private readonly placeAll = (): void => {
    if (this.shown !== undefined) {
      this.place(this.tip, this.shown);
      this.place(this.ring, this.shown);
    }
    for (const [mark, box] of this.pinned) this.place(box, mark);
  };

  /** Above the mark, within the figure. */
  private place(box: HTMLElement, mark: ChartMark): void {
    const { left, top, width } = this.figure.getBoundingClientRect();
    const { x, y } = middleOf(mark);
    const [half, high] = [box.offsetWidth / 2, box.offsetHeight];
    if (box === this.ring) {
      // The middle of a zoomed line may lie outside its panel.
      box.style.translate = `${Math.min(Math.max(x - left, 0), width) - half}px ${y - top - high / 2}px`;
      return;
    }
    const atX = Math.min(Math.max(x - left - half, 0), Math.max(0, width - 2 * half));
    const atY = y - top - high - 12;
    box.style.translate = `${atX}px ${atY < 0 ? y - top + 14 : atY}px`;
  }
}
