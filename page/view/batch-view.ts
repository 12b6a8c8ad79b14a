/** The batch at work, picture by picture: who waits, who prefills, who decodes, and who holds which blocks. Plays, pauses and steps. */
import type { Frames, Watched } from "../worker/index.js";
import { batchRows } from "./batch-rows.js";
import { blockGrid, type Grid } from "./block-grid.js";
import { byId, element } from "./dom.js";
import { blocksHeld, frameText } from "./frame-text.js";
import { seatsOf } from "./seats.js";

/** Requests in the queue that are drawn. */
const MOST_WAITING = 40;

export class BatchView {
  private frames: Frames | undefined;
  private seats: readonly (readonly number[])[] = [];
  private longest = 1;
  private grid: Grid | undefined;
  private at = 0;
  private timer: number | undefined;
  private readonly play = byId("play");
  private readonly slider = byId("frame") as HTMLInputElement;
  private readonly speed = byId("speed") as HTMLSelectElement;
  private readonly text = byId("frame-text");

  constructor() {
    this.play.addEventListener("click", () => {
      if (this.timer === undefined) this.start();
      else this.pause();
    });
    byId("step-back").addEventListener("click", () => {
      this.step(-1);
    });
    byId("step-on").addEventListener("click", () => {
      this.step(1);
    });
    this.slider.addEventListener("input", () => {
      this.pause();
      this.show(Number(this.slider.value));
    });
  }

  /** Shows other frames, from where the batch is well under way. */
  load({ frames, policy }: Watched): void {
    this.pause();
    const panels = byId("batch-panels");
    panels.classList.remove("stale");
    panels.hidden = "error" in frames;
    if ("error" in frames) {
      this.frames = undefined;
      this.text.textContent = `${policy}: ${frames.error}`;
      return;
    }
    const { promptTokens, outputTokens, kv } = frames;
    this.frames = frames;
    this.seats = seatsOf(frames.frames);
    this.longest = promptTokens.reduce((most, tokens, at) => Math.max(most, tokens + outputTokens[at]!), 1);
    this.grid = kv === undefined ? undefined : blockGrid(kv.blocks);
    byId("blocks-panel").hidden = this.grid === undefined;
    if (this.grid !== undefined) {
      const cells = this.grid.perCell === 1 ? "a cell is a block" : `a cell is ${this.grid.perCell} blocks`;
      byId("blocks").replaceChildren(this.grid.node, element("p", { class: "note" }, `${cells}; grey is free`));
    }
    this.slider.max = String(frames.frames.length - 1);
    this.show(Math.floor(frames.frames.length / 4));
  }

  private start(): void {
    if (this.frames === undefined) return;
    if (this.at === this.frames.frames.length - 1) this.show(0);
    this.play.textContent = "Pause";
    this.text.setAttribute("aria-live", "off");
    const next = (): void => {
      if (this.at === this.frames!.frames.length - 1) {
        this.pause();
        return;
      }
      this.show(this.at + 1);
      this.timer = window.setTimeout(next, 1000 / Number(this.speed.value));
    };
    this.timer = window.setTimeout(next, 0);
  }

  private pause(): void {
    window.clearTimeout(this.timer);
    this.timer = undefined;
    this.play.textContent = "Play";
    this.text.setAttribute("aria-live", "polite");
  }

  private step(by: number): void {
    this.pause();
    this.show(this.at + by);
  }

  private show(place: number): void {
    const { frames } = this;
    if (frames === undefined) return;
    this.at = Math.min(frames.frames.length - 1, Math.max(0, place));
    const frame = frames.frames[this.at]!;
    this.slider.value = String(this.at);
    this.text.textContent = frameText(frames, this.at);
    this.slider.setAttribute("aria-valuetext", this.text.textContent);
    byId("seats").replaceChildren(...batchRows(frames, frame, this.seats[this.at]!, this.longest));
    const chips = frame.waiting.slice(0, MOST_WAITING).map((request) => {
      const isBack = frame.preempted.includes(request);
      return element("li", { class: isBack ? "chip back" : "chip" }, `#${request}`);
    });
    const more = frame.waiting.length - chips.length;
    if (more > 0) chips.push(element("li", { class: "more" }, `and ${more} more`));
    byId("waiting").replaceChildren(...(chips.length > 0 ? chips : [element("li", { class: "more" }, "nobody")]));
    if (this.grid !== undefined) this.grid.show(blocksHeld(frame, frames.kv!, this.at));
  }
}
