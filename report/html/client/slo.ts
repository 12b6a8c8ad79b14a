/** Sliders of latency limits, and the share of the embedded requests within them, recounted as they move. */
import { element } from "./element.js";

/** As slo-section.ts writes it; null: the request has no such time. */
interface Sample {
  readonly cell: string;
  readonly source: "sim" | "real";
  readonly colour: string;
  readonly requests: number;
  readonly failed: number;
  readonly requestsPerS: number;
  readonly ttftMs: readonly (number | null)[];
  readonly tpotMs: readonly (number | null)[];
  readonly e2elMs: readonly (number | null)[];
}

const keys = ["ttft", "tpot", "e2el"] as const;
type Key = (typeof keys)[number];

const sources = [
  ["real", "real"],
  ["sim", "simulated"],
] as const;

export function countWithinLimits(): void {
  const data = document.getElementById("slo-samples");
  const form = document.querySelector<HTMLFormElement>("form#slo");
  const result = document.getElementById("slo-result");
  if (data === null || form === null || result === null) return;
  const samples = JSON.parse(data.textContent) as Sample[];
  const sliders = keys.map((key) => sliderOf(form, key, samples));
  const count = (): void => {
    const limits = sliders.map((slider) => slider.read());
    result.replaceChildren(resultTable(samples, limits));
  };
  form.addEventListener("input", count);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
  });
  form.hidden = result.hidden = false;
  count();
}

interface Slider {
  /** The limit in ms, which is shown and said too. */
  read(): number;
}

/** From the least to the greatest time of all requests, each step by the same factor; the last step is no limit. */
function sliderOf(form: HTMLFormElement, key: Key, samples: readonly Sample[]): Slider {
  const input = form.querySelector<HTMLInputElement>(`#slo-${key}`)!;
  const output = form.querySelector<HTMLOutputElement>(`#slo-${key}-text`)!;
  const times = samples.flatMap((sample) => sample[`${key}Ms`]).filter((ms) => ms !== null && ms > 0) as number[];
  times.sort((a, b) => a - b);
  const [least, most] = [times[0] ?? 1, times.at(-1) ?? 1];
  const steps = Number(input.max) - 1;
  const limitAt = (step: number): number =>
    step > steps ? Infinity : Number((least * (most / least) ** (step / steps)).toPrecision(3));
  const start = times[Math.floor(0.9 * (times.length - 1))] ?? 1;
  input.value = String(most > least ? Math.round((steps * Math.log(start / least)) / Math.log(most / least)) : steps);
  return {
    read() {
      const limit = limitAt(Number(input.value));
      const text = limit === Infinity ? "no limit" : `${limit.toLocaleString("en-US")} ms`;
      output.textContent = text;
      input.setAttribute("aria-valuetext", text);
      return limit;
    },
  };
}

function resultTable(samples: readonly Sample[], limits: readonly number[]): HTMLElement {
  const cells = [...new Set(samples.map(({ cell }) => cell))];
  const present = sources.filter(([source]) => samples.some((sample) => sample.source === source));
  const head = element("tr", {}, element("th", { scope: "col" }, "Cell"));
  for (const [, name] of present) {
    head.append(
      element("th", { scope: "col", colspan: "2" }, `Within the limits, ${name}`),
      element("th", { scope: "col", class: "number" }, "Requests/s"),
    );
  }
  const body = element("tbody");
  for (const cell of cells) {
    const row = element("tr", {}, element("th", { scope: "row" }, cell));
    for (const [source] of present) {
      const sample = samples.find((one) => one.cell === cell && one.source === source);
      row.append(...(sample === undefined ? [element("td", { colspan: "3" }, "–")] : shareCells(sample, limits)));
    }
    body.append(row);
  }
  const caption = element("caption", {}, "Share of the requests within the limits, and goodput: such requests for each second of the run"); // prettier-ignore
  return element("table", { class: "slo" }, caption, element("thead", {}, head), body);
}

function shareCells(sample: Sample, limits: readonly number[]): HTMLElement[] {
  const share = shareWithin(sample, limits);
  const fill = element("span", { class: sample.source === "real" ? "meter-fill" : "meter-fill simulated" });
  fill.style.width = `${100 * share}%`;
  fill.style.setProperty("--policy", sample.colour);
  return [
    element("td", { class: "number" }, `${(100 * share).toFixed(1)} %`),
    element("td", {}, element("span", { class: "meter", "aria-hidden": "true" }, fill)),
    element("td", { class: "number" }, (share * sample.requestsPerS).toFixed(2)),
  ];
}

/** Of all requests: those without an answer are in none. */
function shareWithin(sample: Sample, limits: readonly number[]): number {
  const times = keys.map((key) => sample[`${key}Ms`]);
  const size = times[0]!.length;
  let good = 0;
  for (let at = 0; at < size; at++) {
    if (times.every((of, key) => limits[key] === Infinity || (of[at] !== null && of[at]! <= limits[key]!))) good++;
  }
  return size === 0 ? 0 : (good / size) * (1 - sample.failed / sample.requests);
}
