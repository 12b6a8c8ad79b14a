import { JSDOM } from "jsdom";
import type { Answer } from "../../formats/index.js";
import { renderAnswer } from "./index.js";

const answer = (more: Partial<Answer> = {}): Answer => ({
  version: 1,
  question: { name: "capacity", goal: "p99_ttft <= 500 ms", asked: { policy: "vllm", profile: "h100", seed: "1" } },
  value: 37.25,
  unit: "requests/s",
  interval: { low: 34.8, high: 39.9 },
  spread: { from_seed: 1, from_run: 2, from_calibration: null },
  verdict: "safe",
  binds: { slo: "p99_ttft", resource: "seats" },
  next_best: { change: "max_num_seqs 256", value: 55.2, unit: "requests/s" },
  extrapolated_share: 0.2,
  nearest_measured: { recording: "r2", statistic: "p99_ttft_ms", measured: 166, here: 382, error: -0.02 },
  evidence: [
    {
      varied: { request_rate: 30 },
      statistics: { p99_ttft_ms: 171.2, mean_tpot_ms: null },
      intervals: { p99_ttft_ms: { low: 150, high: 190 } },
      replications: 12,
    },
  ],
  cost: null,
  commands: { reproduce: "servesim capacity --policy vllm", check: "servesim verify a.json --base-url URL" },
  notes: ["a run is short"],
  ...more,
});

const difference = (statistic: string, verdict: "better" | "worse" | "same" | "unclear") => ({
  statistic,
  before: 100,
  after: 90,
  difference: -10,
  interval: { low: -12, high: -8 },
  of_a_day: null,
  verdict,
});

const page = (of: Answer) =>
  new JSDOM(renderAnswer(of, new Map()).replace(/<style>[^]*?<\/style>/, "")).window.document;
const texts = (document: Document, selector: string): string[] =>
  [...document.querySelectorAll(selector)].map((each) => each.textContent.replace(/\s+/g, " ").trim());
const headline = (more: Partial<Answer>): string => texts(page(answer(more)), ".headline")[0]!;
const asked = (name: Answer["question"]["name"], goal = "p99_ttft <= 500 ms"): Pick<Answer, "question"> => ({
  question: { name, goal, asked: { policy: "vllm" } },
});

test("an answer's page: the answer, its interval, what binds, trust, warnings, what it rests on, commands", () => {
  const document = page(answer({ at_rate: { rate: 30, head_room: 0.24, interval: { low: 0.16, high: 0.33 } } }));
  expect(texts(document, "h1, .headline, .believe, h2")).toEqual([
    "servesim capacity: vllm on h100",
    "vllm takes up to 37.3 requests/s within p99_ttft ≤ 500 ms.",
    "Up to 34.8 requests/s it holds on 9 of 10 days or more, above 39.9 on hardly any. Between the two it depends on the day.",
    "At 30 requests/s: safe. The load may grow by +24.0 % (+16.0 % to +33.0 %).",
    "Limited by p99_ttft and requests at once (max_num_seqs, batch size or clients). What helps most: max_num_seqs 256, about 55.2 requests/s.",
    "Can you trust this?",
    "Warnings",
    "What it rests on",
    "Reproduce and check",
  ]);
  expect(texts(document, ".checks .look .check-name")).toEqual(["! Extrapolation worth a look"]);
  expect(texts(document, "tbody tr")).toEqual(["request_rate 30171 (150 to 190)–"]);
  expect(texts(document, "pre")).toEqual(["servesim capacity --policy vllm servesim verify a.json --base-url URL"]);
});

test("each question has its own first sentence", () => {
  expect(headline({ value: 0, verdict: "cannot_be_met" })).toBe("vllm does not meet p99_ttft ≤ 500 ms at any load.");
  expect(headline({ ...asked("size"), value: 2, unit: "replicas" })).toBe(
    "2 replicas are enough for p99_ttft ≤ 500 ms.",
  );
  expect(headline({ ...asked("size"), value: 1, unit: "replicas" })).toBe("1 replica is enough for p99_ttft ≤ 500 ms.");
  const evidence = [{ batch: 1 }, { batch: 2 }].map((varied) => ({
    varied,
    statistics: {},
    intervals: {},
    replications: 3,
  }));
  const differences = [difference("a", "better"), difference("b", "unclear")];
  expect(headline({ ...asked("whatif"), evidence, differences })).toBe(
    "With batch 1 → 2, of 2 statistics 1 better, 1 too close to tell.",
  );
  const parts = [{ statistic: "mean_ttft", value: 70, interval: null, parts: { host: 50, decode: 20 }, beside: null }];
  expect(headline({ ...asked("explain", ""), value: 70, unit: "ms of mean_ttft", parts })).toBe(
    "mean_ttft is 70 ms; the largest part is host thread, the GPU idle, 71 %.",
  );
  const tuning = { command: "vllm serve", changes: { max_num_seqs: 256 }, base: { value: 160, difference: null }, front: [], sensitivity: [], tried: 6 }; // prettier-ignore
  expect(headline({ ...asked("tune", "least p99_ttft"), value: 131, unit: "ms", verdict: "better", tuning })).toBe(
    "With max_num_seqs 256: least p99_ttft is 131 ms instead of 160.",
  );
});

test("names and texts of an answer file stay text", () => {
  const bad = `</script><img src=x onerror="alert(1)">`;
  const document = page(
    answer({
      question: { name: "whatif", goal: bad, asked: { policy: bad, profile: bad, other: { [bad]: bad } } },
      unit: bad,
      notes: [bad],
      commands: { reproduce: bad, check: bad },
      differences: [difference(bad, "better")],
      next_best: { change: bad, value: 1, unit: bad },
      binds: { slo: bad, resource: bad },
    }),
  );
  expect(document.querySelectorAll("img")).toHaveLength(0);
  expect(document.querySelectorAll("script")).toHaveLength(1);
  expect(document.title).toBe(`servesim whatif: ${bad} on ${bad}`);
});
