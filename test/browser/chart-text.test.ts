/**
 * No text of a chart covers another or leaves the picture, over inputs that are awkward to draw: long names, one cell, thirty,
 * zeros, huge values. Boxes are those that Chromium lays out, turned texts by their corners.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Timeline, TimelineWork } from "../../sim/index.js";
import {
  answerPicture,
  chartRunsOf,
  differencePicture,
  partsPicture,
  profilePicture,
  renderAllCharts,
  replicasPicture,
  residualPicture,
  runPictures,
  seedsPicture,
  sweepPicture,
  tracePicture,
  tunePicture,
  type ChartRow,
  type HeldOutStatistic,
  type MemoryScene,
  type RunScene,
} from "../../report/charts/index.js";
import { closeChromium, openFile, testInChromium } from "./chromium.fixture.js";

const folder = mkdtempSync(join(tmpdir(), "servesim-text-"));
afterAll(async () => {
  await closeChromium();
  rmSync(folder, { recursive: true, force: true });
});

const long = "a-scheduler-with-a-name-that-nobody-would-give-it-but-somebody-will";

/** Two sources, `count` requests in each cell. */
function rows(policies: readonly string[], loads: readonly string[], count: number, scale: number): ChartRow[] {
  return policies.flatMap((scheduler, of) =>
    loads.flatMap((load) =>
      (["sim", "real"] as const).flatMap((source) =>
        Array.from({ length: count }, (_, at): ChartRow => {
          const latencyS = scale * (1 + of + ((at * 7) % 13)) * (source === "sim" ? 1.07 : 1);
          return { scheduler, load, source, seq: at, latencyS, ttftS: latencyS / 9, tokensPerS: 20 / (latencyS || 1) };
        }),
      ),
    ),
  );
}

function ofRequests(name: string, from: readonly ChartRow[]): [string, string][] {
  const runs = chartRunsOf(from).map((run) => ({ ...run, arrivalS: run.seq.map((seq) => seq / 3), tpotS: run.ttftS }));
  return [...renderAllCharts(runs).charts].map(([chart, svg]) => [`${chart} of ${name}`, svg]);
}

/** Steps of one engine, each as long, each of as many tokens. */
function scene(policy: string, steps: number, stepNs: number, tokens: number): RunScene {
  const work = Array.from({ length: steps }, (_, at): TimelineWork => ({
    startNs: at * stepNs,
    endNs: (at + 0.8) * stepNs,
    tokens: 2 * tokens,
    prefillTokens: tokens,
    decodeRequests: tokens,
    requests: 1,
  }));
  const requests = work.map(({ startNs, endNs }, at) => ({
    requestId: `${policy}-${at}`,
    status: "ok",
    arrivalNs: Math.max(0, startNs - stepNs),
    endNs,
    promptTokens: tokens,
    outputTokens: 1,
    phases: [
      { phase: "queue", atNs: Math.max(0, startNs - stepNs) },
      { phase: "prefill", atNs: startNs },
    ] as const,
    first: { engine: 0, place: at },
  }));
  const counts = work.map(({ startNs: atNs }, at) => ({ atNs, running: tokens, waiting: at % 5, kvBlocks: at % 11 }));
  const timeline: Timeline = { work: "steps", engines: [{ work, counts }], requests };
  return { policy, source: "sim", timeline, kvBlocks: 10 };
}

const batchesOf = (scale: number) =>
  Array.from({ length: 40 }, (_, at) => ({
    ...{
      batchId: at,
      startNs: at * scale,
      firstTokenNs: (at + 0.2) * scale,
      endNs: (at + 0.9) * scale,
      size: 1 + (at % 7),
    },
    ...{ limit: 8 + (at % 90), promptTokens: 1, outputTokens: 1, peakBytes: at * 20 },
  }));

function ofRuns(name: string, scenes: readonly RunScene[], scale: number): [string, string][] {
  const batches = [
    { policy: long, source: "real" as const, batches: batchesOf(scale), threshold: 0.97, memoryBytes: 900 },
  ];
  return [...runPictures({ title: name, scenes, batches })].map(([chart, svg]) => [`${chart} of ${name}`, svg]);
}

function ofSeeds(name: string, cells: number, ms: number): [string, string] {
  const values = { mean_ttft_ms: [ms, 2 * ms], p95_ttft_ms: [ms], mean_e2el_ms: [3 * ms], p95_e2el_ms: [9 * ms] };
  const all = Array.from({ length: cells }, (_, at) => ({
    policy: "vllm",
    load: `${long} ${at}`,
    source: "sim" as const,
    values,
  }));
  return [`seeds of ${name}`, seedsPicture({ title: long, rows: all })!];
}

function memoryOf(unit: MemoryScene["unit"], scale: number): MemoryScene {
  const lines = [long, `${long} too`, "short"].map((name, at) => ({
    name,
    points: [1, 50, 900].map((sequences) => ({ sequences, amount: sequences * scale * (at + 1) })),
  }));
  const measured = [1, 30].map((sequences) => ({ sequences, amount: sequences * scale, modelled: scale, text: long }));
  return { unit, lines, measured, limit: 1000 * scale, words: [long] };
}

function statisticsOf(scale: number): HeldOutStatistic[] {
  return ["mean", "p50", "p90", "p95", "p99"].flatMap(
    (statistic, at) =>
    ["ttft", "tpot", "e2el"].map((metric) => ({ recording: long, statistic, metric, realNs: 1e6 * scale * (at + 1), simNs: 2e6 * scale })), // prettier-ignore
  );
}

function sweptLines(scale: number) {
  const values = (value: number) => ({ value, low: value / 2, high: 2 * value });
  return Array.from({ length: 9 }, (_, of) => ({
    name: `${long} ${of}`,
    points: [1, 2, 9].map((x) => ({ x: x * scale, values: [values(scale * (of + x)), values(9 * scale)] })),
  }));
}

/** Charts of answers, traces and calibrations, with values around `scale`. */
function ofAnswers(name: string, scale: number): [string, string][] {
  const evidence = [1, 2, 3].map((rate) => ({
    ...{ varied: { request_rate: rate * scale }, statistics: { p99_ttft_ms: scale * rate, goodput_share: 1 / rate } },
    ...{ intervals: { p99_ttft_ms: { low: 0.5 * scale, high: 4 * scale } }, replications: 12 },
  }));
  const limits = ["p99_ttft_ms"].map((key) => ({ key, limitMs: 2 * scale }));
  const answer = {
    title: `${long} within`,
    policy: long,
    varied: "request_rate",
    unit: "requests/s",
    evidence,
    limits,
  };
  const windows = [2, 5, null].map((replicas, at) => ({
    start_s: at * scale,
    end_s: (at + 1) * scale,
    requests: 9,
    replicas,
  }));
  const difference = { statistic: "p99_ttft_ms", before: scale, after: 0, difference: -scale, interval: null, of_a_day: { low: -2 * scale, high: scale }, verdict: "unclear" } as const; // prettier-ignore
  const change = { changes: { [long]: 256, max_num_seqs: scale }, value: scale, interval: { low: 0, high: 2 * scale }, beside: null, extrapolated_share: 0, is_beyond_calibration: true }; // prettier-ignore
  const parts = ["mean_ttft", "p95_ttft", "p99_ttft", "mean_e2el"].map((statistic) => ({ statistic, value: scale, interval: null, parts: { a: 0.4 * scale, b: 0.6 * scale }, beside: null })); // prettier-ignore
  const shapes = [1, 2, 64].map((batchSize) => ({ batchSize, promptTokens: 9, decodeSteps: 3, realNs: 1e6 * scale * batchSize, modelNs: 1.2e6 * scale * batchSize, heldOut: batchSize > 1 })); // prettier-ignore
  const trace = { window_s: scale, windows, fixed_replica_hours: 1, ideal_replica_hours: null };
  const requests = [1, 2, 9].map((at) => ({
    id: `${at}`,
    arrivalNs: at * 1e9 * scale,
    promptTokens: Math.ceil(scale * at),
    outputTokens: at,
  }));
  return [
    [
      `answer of ${name}`,
      answerPicture({ ...answer, value: 2 * scale, interval: { low: 1.8 * scale, high: 2.2 * scale } }),
    ],
    [`replicas of ${name}`, replicasPicture({ title: long, policy: "vllm", value: 5, trace })],
    [`difference of ${name}`, differencePicture({ title: long, differences: [difference] })],
    [
      `tune of ${name}`,
      tunePicture({ title: long, policy: "vllm", goal: "least p99_ttft", unit: "ms", front: [change] }),
    ],
    [`parts of ${name}`, partsPicture({ title: long, parts, titles: { a: long, b: `${long} too` } })],
    [`residuals of ${name}`, residualPicture(shapes, long)],
    [`trace of ${name}`, tracePicture(requests, long)],
    [`profile of batches, ${name}`, profilePicture({ title: long, batches: shapes, heldOut: [], memory: memoryOf("bytes", scale), notes: [long] })], // prettier-ignore
    [`profile of a server, ${name}`, profilePicture({ title: long, batches: [], heldOut: statisticsOf(scale), memory: memoryOf("KV blocks", scale), notes: [] })], // prettier-ignore
    [`sweep of ${name}`, sweepPicture({ title: long, axis: "request_rate", statistics: ["mean_ttft_ms", "p99_ttft_ms"], lines: sweptLines(scale) })], // prettier-ignore
  ];
}

const loads = Array.from({ length: 10 }, (_, at) => `a load with a rather long name, number ${at}`);
const charts: readonly [string, string][] = [
  ...ofRequests("one cell of one request", rows(["naive"], ["1"], 1, 0.25)),
  ...ofRequests("thirty cells", rows(["naive", "dynamic", "vllm"], loads, 40, 1)),
  ...ofRequests("long names", rows([long, `${long}-2`], [`${long} load`, "x"], 40, 0.01)),
  ...ofRequests("huge values", rows(["naive", "vllm"], ["1", "2"], 40, 1e9)),
  ...ofRequests("zeros", rows(["naive", "vllm"], ["1", "2"], 40, 0)),
  ...ofRuns("one step", [scene("vllm", 1, 1e6, 1)], 1e6),
  ...ofRuns("six long runs", [long, "naive", "dynamic", "vllm", "orca", `${long}-2`].map((policy) => scene(policy, 400, 3e12, 99_999)), 3e12), // prettier-ignore
  ofSeeds("one cell", 1, 1),
  ofSeeds("thirty cells of huge values", 30, 1e12),
  ofSeeds("zeros", 3, 0),
  ...ofAnswers("small values", 0.001),
  ...ofAnswers("usual values", 40),
  ...ofAnswers("huge values", 1e7),
];

interface Fault {
  readonly chart: string;
  readonly fault: string;
}

/** Runs in the page. */
function faultsIn(): Fault[] {
  type Point = readonly [number, number];
  const boxOf = (text: SVGTextElement): Point[] => {
    const { x, y, width, height } = text.getBBox();
    const matrix = text.getScreenCTM()!;
    // A line's box has room above and below its letters.
    const [top, bottom] = [y + 0.18 * height, y + 0.82 * height];
    return [
      [x, top],
      [x + width, top],
      [x + width, bottom],
      [x, bottom],
    ].map(([px, py]): Point => {
      const at = new DOMPoint(px, py).matrixTransform(matrix);
      return [at.x, at.y];
    });
  };
  /** Two boxes are apart where some side of one has the other beyond it. */
  const overlaps = (a: Point[], b: Point[]): boolean => {
    for (const box of [a, b]) {
      for (let at = 0; at < 2; at++) {
        const [dx, dy] = [box[at + 1]![0] - box[at]![0], box[at + 1]![1] - box[at]![1]];
        const length = Math.hypot(dx, dy) || 1;
        const along = ([x, y]: Point): number => (x * dx + y * dy) / length;
        const [ofA, ofB] = [a.map(along), b.map(along)];
        if (Math.max(...ofA) <= Math.min(...ofB) + 0.5 || Math.max(...ofB) <= Math.min(...ofA) + 0.5) return false;
      }
    }
    return true;
  };
  return [...document.querySelectorAll<HTMLElement>("[data-chart]")].flatMap((holder) => {
    const chart = holder.dataset.chart!;
    const sheet = holder.querySelector("svg")!.getBoundingClientRect();
    const texts = [...holder.querySelectorAll<SVGTextElement>("text")].filter((text) => text.textContent !== "");
    const boxes = texts.map(boxOf);
    const words = (at: number): string => `"${texts[at]!.textContent.slice(0, 60)}"`;
    const faults: Fault[] = [];
    boxes.forEach((box, at) => {
      const isOutside = box.some(([x, y]) => x < sheet.left - 0.5 || x > sheet.right + 0.5 || y < sheet.top - 0.5 || y > sheet.bottom + 0.5); // prettier-ignore
      if (isOutside) faults.push({ chart, fault: `${words(at)} leaves the picture` });
      for (let other = 0; other < at; other++) {
        if (overlaps(box, boxes[other]!)) faults.push({ chart, fault: `${words(at)} covers ${words(other)}` });
      }
    });
    return faults;
  });
}

testInChromium("no text covers another or leaves its picture", async () => {
  const file = join(folder, "charts.html");
  const holders = charts.map(([name, svg]) => `<div data-chart="${name}">${svg}</div>`);
  writeFileSync(file, `<!doctype html><meta charset="utf-8"><title>charts</title><body>${holders.join("\n")}`);
  const { page } = await openFile(file);
  expect(await page.locator("svg text").count()).toBeGreaterThan(1000);
  expect(await page.evaluate(faultsIn)).toEqual([]);
});

testInChromium("the measure finds what it looks for", async () => {
  const file = join(folder, "faults.html");
  const texts = [
    "x='5' y='20'>covered",
    "x='20' y='22'>covers",
    "x='80' y='80'>leaves the picture",
    "x='5' y='60'>alone",
  ];
  const svg = `<svg width="100" height="100">${texts.map((text) => `<text ${text}</text>`).join("")}</svg>`;
  writeFileSync(file, `<!doctype html><title>f</title><div data-chart="c">${svg}</div>`);
  const { page } = await openFile(file);
  expect(await page.evaluate(faultsIn)).toEqual([
    { chart: "c", fault: '"covers" covers "covered"' },
    { chart: "c", fault: '"leaves the picture" leaves the picture' },
  ]);
});
