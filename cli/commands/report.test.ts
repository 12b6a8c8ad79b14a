/** servesim report ANSWER.json: the page beside the answer, or where --page says. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Answer } from "../../formats/index.js";
import { command as reportCommand } from "./report.js";

const folder = mkdtempSync(join(tmpdir(), "servesim-answer-page-"));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const point = (rate: number, ms: number): Answer["evidence"][number] => ({
  varied: { request_rate: rate },
  statistics: { p99_ttft_ms: ms },
  intervals: {},
  replications: 2,
});
const answer: Answer = {
  version: 1,
  question: {
    name: "capacity",
    goal: "p99_ttft <= 500 ms",
    asked: {
      policy: "vllm",
      profile: "h100",
      vary: "request_rate",
      goals: { slos: [{ name: "p99_ttft", limitMs: 500 }] },
    },
  },
  value: 37,
  unit: "requests/s",
  interval: { low: 35, high: 40 },
  spread: null,
  verdict: "met",
  binds: { slo: "p99_ttft", resource: null },
  next_best: null,
  extrapolated_share: 0,
  nearest_measured: null,
  evidence: [point(20, 100), point(37, 480)],
  cost: null,
  commands: { reproduce: "servesim capacity", check: null },
  notes: [],
};

const report = async (args: object): Promise<void> => {
  await reportCommand.run({ _: [], $0: "", ...args });
};

test("an answer becomes a page with its chart; one that exists is kept", async () => {
  const file = join(folder, "a.json");
  writeFileSync(file, JSON.stringify(answer));
  await report({ folder: file });
  const html = readFileSync(join(folder, "a.html"), "utf8");
  expect(html).toContain("vllm takes up to 37\u00a0requests/s within p99_ttft ≤ 500\u00a0ms.");
  expect(html).toMatch(/<figure id="chart-latency_over_load"/);
  await expect(report({ folder: file })).rejects.toThrow(/a\.html exists already.*--force/);
  await report({ folder: file, page: join(folder, "b.html") });
  expect(readFileSync(join(folder, "b.html"), "utf8")).toBe(html);
});

test("a file that is no answer, and --page without one, are mistakes", async () => {
  const file = join(folder, "none.json");
  writeFileSync(file, "{}");
  await expect(report({ folder: file })).rejects.toThrow(/none\.json/);
  await expect(report({ folder, page: "x.html" })).rejects.toThrow(/--page x\.html: is for an answer/);
});

/** Every number of a value replaced, except those that say what the file is. */
function withEvery(value: unknown, figure: number): unknown {
  if (typeof value === "number") return figure;
  if (Array.isArray(value)) return value.map((each) => withEvery(each, figure));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [
      key,
      /^(version|replications|extrapolated_share)$/.test(key) ? each : withEvery(each, figure),
    ]),
  );
}

const parts: Answer["parts"] = [
  { statistic: "p99_ttft", value: 50, interval: null, parts: { own_prefill: 20, decode: 30 }, beside: null },
];
const difference: NonNullable<Answer["differences"]>[number] = {
  statistic: "p99_ttft_ms",
  before: 100,
  after: 80,
  difference: -20,
  interval: { low: -24, high: -16 },
  of_a_day: { low: -40, high: 0 },
  verdict: "better",
};
const tuned: Answer["tuning"] = {
  command: "",
  changes: {},
  base: { value: 5, difference: { value: 0.1, low: 0, high: 0.2 } },
  front: [
    {
      changes: {},
      value: 5,
      interval: { low: 4, high: 6 },
      beside: { statistic: "mean_tpot", value: 3 },
      extrapolated_share: 0,
      is_beyond_calibration: false,
    },
  ],
  sensitivity: [],
  tried: 2,
};
const kinds: [kind: string, answer: Answer][] = [
  ["a load", answer],
  ["parts", { ...answer, parts }],
  ["differences", { ...answer, evidence: [point(20, 100), point(24, 80)], differences: [difference] }],
  ["settings", { ...answer, tuning: tuned }],
];

describe.each(kinds)("an answer with %s", (kind, given) => {
  const file = join(folder, `${kind}.json`);

  test.each([0, 5e-324, 1e-15, 1, 1e15, -1e15])("is drawn when all its figures are %p", async (figure) => {
    const each = withEvery(given, figure) as { tuning?: object };
    if (each.tuning !== undefined) Object.assign(each.tuning, { tried: 2 });
    writeFileSync(file, JSON.stringify(each));
    await report({ folder: file, force: true });
    expect(readFileSync(file.replace("json", "html"), "utf8")).not.toMatch(/[>"][+-]?(NaN|Infinity)\b/);
  });

  test("is rejected by its place when a figure is too large to draw", async () => {
    writeFileSync(file, JSON.stringify({ ...given, value: 1e308 }));
    await expect(report({ folder: file, force: true })).rejects.toThrow(
      /json: value: got 1e\+308, expected number to be <=1000000000000000$/,
    );
  });
});

test.each([
  ["differences", { differences: [{ ...difference, before: 0 }] }],
  ["parts", { parts: [] }],
])("an answer whose %s show nothing has a page without a chart", async (kind, more) => {
  const file = join(folder, `no-${kind}.json`);
  writeFileSync(file, JSON.stringify({ ...answer, ...more }));
  await report({ folder: file });
  expect(readFileSync(file.replace("json", "html"), "utf8")).not.toContain("<figure");
});
