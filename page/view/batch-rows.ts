/** The batch of a frame: a row for each place, with what of its request is computed, what this step adds, and what is left. */
import { greatest } from "../../formats/index.js";
import type { Frame, FrameRow, Frames } from "../worker/index.js";
import { colourOf } from "./block-grid.js";
import { element } from "./dom.js";

/** Places that are drawn. */
const MOST_ROWS = 20;

const doingText: Readonly<Record<FrameRow["doing"], string>> = {
  prefill: "prefills",
  decode: "decodes",
  out: "left out",
  done: "done, waits",
};

/** `longest`: tokens of the longest request, whose bar is as wide as the panel. */
export function batchRows(frames: Frames, frame: Frame, seats: readonly number[], longest: number): HTMLElement[] {
  const inSeat = new Map(frame.rows.map((row, place) => [seats[place]!, row]));
  const last = Math.min(MOST_ROWS - 1, greatest(inSeat.keys()));
  const rows = Array.from({ length: last + 1 }, (_, seat) => rowOf(frames, inSeat.get(seat), longest));
  const hidden = [...inSeat.keys()].filter((seat) => seat > last).length;
  return hidden === 0 ? rows : [...rows, element("li", { class: "more" }, `and ${hidden} more`)];
}

function rowOf({ promptTokens, outputTokens }: Frames, row: FrameRow | undefined, longest: number): HTMLElement {
  if (row === undefined) return element("li", { class: "seat free" }, element("span", {}, "free"));
  const { request, doing, tokens, past } = row;
  const prompt = promptTokens[request]!;
  const whole = prompt + outputTokens[request]!;
  const colour = colourOf(request);
  const bar = element("span", { class: "bar", "aria-hidden": "true" });
  bar.style.width = `${(100 * whole) / longest}%`;
  const part = (name: string, from: number, to: number): void => {
    const span = element("span", { class: name });
    span.style.left = `${(100 * from) / whole}%`;
    span.style.width = `${(100 * Math.max(0, to - from)) / whole}%`;
    if (name !== "prompt") span.style.background = colour;
    bar.append(span);
  };
  part("prompt", 0, prompt);
  part("computed", 0, Math.min(whole, past));
  part("now", Math.min(whole, past), Math.min(whole, past + tokens));
  const title = `request ${request}: ${prompt} prompt tokens, ${outputTokens[request]!} output tokens`;
  const name = element("span", { class: "name", title }, `#${request}`);
  return element("li", { class: `seat ${doing}` }, name, bar, element("span", { class: "doing" }, doingText[doing]));
}
