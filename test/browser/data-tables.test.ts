/** Pages with tables of data and time series, as the page of a sweep has them: sorted, saved and zoomed with mouse or keyboard. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import axeCore from "axe-core";
import type { Page } from "playwright-core";
import { runPictures, type RunScene } from "../../report/charts/index.js";
import { renderSweep, type SweepPageInput } from "../../report/html/index.js";
import { closeChromium, openFile, testInChromium } from "./chromium.fixture.js";

const folder = mkdtempSync(join(tmpdir(), "servesim-tables-"));
afterAll(async () => {
  await closeChromium();
  rmSync(folder, { recursive: true, force: true });
});

/** Steps of 20 ms, over so many seconds. */
function timeSeries(seconds: number): string {
  const steps = 50 * seconds;
  const work = Array.from({ length: steps }, (_, at) => ({ startNs: at * 2e7, endNs: (at + 1) * 2e7, tokens: 20, prefillTokens: 10, decodeRequests: 10, requests: 10 })); // prettier-ignore
  const counts = work.map(({ startNs: atNs }, at) => ({ atNs, running: at % 7, waiting: at % 5, kvBlocks: at % 11 }));
  const requests = work.map(({ startNs, endNs }, at) => ({
    ...{ requestId: String(at), status: "ok", arrivalNs: startNs, endNs, promptTokens: 10, outputTokens: 1 },
    phases: [{ phase: "prefill", atNs: startNs }] as const,
    first: { engine: 0, place: at },
  }));
  const scene: RunScene = { policy: "vllm", source: "sim", timeline: { work: "steps", engines: [{ work, counts }], requests }, kvBlocks: 10 }; // prettier-ignore
  return runPictures({ title: "load", scenes: [scene], batches: [] }).get("time_series")!;
}

const values = [12.5, 3.25, 110];
const table = {
  name: "sweep-mean",
  caption: "Mean latency: the best in each place",
  columns: ["place", "best", "ms"],
  rows: [
    ...values.map((value, at) => [
      { text: `${at + 1} requests/s` },
      { text: `max_num_seqs ${at}` },
      { text: `${value} ms`, value },
    ]),
    [{ text: "=1+1" }, { text: "none" }, { text: "–" }],
  ],
};
const input: SweepPageInput = {
  title: "servesim sweep: page",
  answer: { headline: "a answers fastest.", paragraphs: ["All cells are finished."] },
  trust: [{ name: "Cells", state: "fine", text: "4 of 4." }],
  winners: [table],
  cells: { ...table, name: "sweep", caption: "Every cell of the sweep" },
  failures: [],
  charts: new Map([["time_series-a", timeSeries(4)], ["time_series-b", timeSeries(8)]]), // prettier-ignore
  sections: [],
};
const file = join(folder, "sweep.html");
writeFileSync(file, renderSweep(input));

async function faults(of: Page): Promise<string[]> {
  await of.evaluate(axeCore.source);
  return of.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: { id: string }[] }> } };
    return (await axe.run()).violations.map(({ id }) => id);
  });
}

testInChromium(
  "opens without errors or requests, axe-core finds nothing, and a phone has no sideways scroll",
  async () => {
    const { page, errors, requests } = await openFile(file);
    expect(await faults(page)).toEqual([]);
    expect([errors, requests]).toEqual([[], []]);
    await page.setViewportSize({ width: 320, height: 640 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
  },
);

testInChromium(
  "a column is sorted up and down by its button, numbers by size, and saved with exact values",
  async () => {
    const { page } = await openFile(file);
    const first = page.locator(".sortable").first();
    const column = () => first.locator("tbody tr td:last-child").allTextContents();
    const button = first.getByRole("button", { name: "ms", exact: true });
    await button.focus();
    await page.keyboard.press("Enter");
    expect(await column()).toEqual(["3.25 ms", "12.5 ms", "110 ms", "–"]);
    expect(await first.locator("th[aria-sort]").getAttribute("aria-sort")).toBe("ascending");
    await button.click();
    expect(await column()).toEqual(["110 ms", "12.5 ms", "3.25 ms", "–"]);
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      first.getByRole("button", { name: /CSV/ }).click(),
    ]);
    expect(download.suggestedFilename()).toBe("sweep-mean.csv");
    expect(readFileSync(await download.path(), "utf8")).toBe(
      "place,best,ms\r\n3 requests/s,max_num_seqs 2,110\r\n1 requests/s,max_num_seqs 0,12.5\r\n2 requests/s,max_num_seqs 1,3.25\r\n'=1+1,none,–\r\n",
    );
  },
);

/** What is seen of the first panel of each time series: its left edge and width, as shares of the whole. */
const seen = (page: Page): Promise<[number, number][]> =>
  page.evaluate(() =>
    [...document.querySelectorAll("figure")].map((figure): [number, number] => {
      const window = figure.querySelector("svg.time-window")!;
      const [x, , width] = window.getAttribute("viewBox")!.split(" ").map(Number) as [number, number, number];
      const [left, whole] = ["x", "width"].map((name) => Number(window.getAttribute(name))) as [number, number];
      const round = (value: number): number => Math.round(100 * value) / 100;
      return [round((x - left) / whole), round(width / whole)];
    }),
  );

testInChromium(
  "buttons zoom all time series to the same time; the whole run comes back with its own ticks",
  async () => {
    const { page } = await openFile(file);
    const one = page.locator("#chart-time_series-b");
    const ticks = () => page.locator("#chart-time_series-a .time-ticks[data-labelled] text").allTextContents();
    const before = await ticks();
    await one.getByRole("button", { name: "Zoom in" }).focus();
    await page.keyboard.press("Enter");
    // 2 to 6 s of 8: of the run of 4 s the second half, and nothing after it.
    expect(await seen(page)).toEqual([[0.5, 1], [0.25, 0.5]]); // prettier-ignore
    expect(await ticks()).toEqual(["2", "2.5", "3", "3.5", "4", "4.5", "5", "5.5", "6"].filter((tick) => Number(tick) <= 6)); // prettier-ignore
    expect(await one.locator("output").textContent()).toBe("2 to 6 s");
    await one.getByRole("button", { name: "Earlier" }).click();
    expect(await seen(page)).toEqual([[0, 1], [0, 0.5]]); // prettier-ignore
    await page.locator("#chart-time_series-a").getByRole("button", { name: "Whole run" }).click();
    expect(await seen(page)).toEqual([[0, 1], [0, 1]]); // prettier-ignore
    expect(await ticks()).toEqual(before);
  },
);

testInChromium("dragging over one time series zooms all, and pins no note", async () => {
  const { page } = await openFile(file);
  const panel = page.locator("#chart-time_series-b svg.time-window").nth(1);
  const box = await panel.evaluate((window) => {
    const { left, top, width, height } = window.getBoundingClientRect();
    return { left, top, width, height };
  });
  await panel.scrollIntoViewIfNeeded();
  const { y } = (await page.locator("#chart-time_series-b .plot").boundingBox())!;
  const outer = await page.locator("#chart-time_series-b").evaluate((figure) => {
    const window = figure.querySelector("svg.time-window")!;
    const [x, width] = ["x", "width"].map((name) => Number(window.getAttribute(name))) as [number, number];
    const { a, e } = figure.querySelector("svg")!.getScreenCTM()!;
    return { left: e + x * a, width: width * a };
  });
  expect(box.width).toBeGreaterThan(0);
  await page.mouse.move(outer.left + 0.25 * outer.width, y + 200);
  await page.mouse.down();
  await page.mouse.move(outer.left + 0.5 * outer.width, y + 210, { steps: 5 });
  expect(await page.locator("rect.brush").count()).toBe(1);
  await page.mouse.up();
  // 2 to 4 s of 8.
  expect(await seen(page)).toEqual([[0.5, 0.5], [0.25, 0.25]]); // prettier-ignore
  expect(await page.locator(".tip.pinned, rect.brush").count()).toBe(0);
});
