/** servesim report ANSWER.json: the page beside the answer, or where --page says. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Answer } from "../formats/index.js";
import { reportCommand } from "./report.js";

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
