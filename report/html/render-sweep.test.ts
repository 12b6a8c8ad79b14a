import { JSDOM } from "jsdom";
import { renderSweep, type SweepPageInput } from "./index.js";

const table = {
  name: "sweep-mean",
  caption: "Mean <latency>",
  columns: ["place", "ms"],
  rows: [
    [{ text: "4 requests/s" }, { text: "12.0 ms (11 to 13)", value: 12.0312 }],
    [{ text: "<b>" }, { text: "–" }],
  ],
};
const input: SweepPageInput = {
  title: "servesim sweep: a & b",
  answer: { headline: "a answers fastest.", paragraphs: ["All 4 cells are finished."] },
  trust: [{ name: "Cells", state: "fine", text: "4 of 4." }],
  winners: [table, { ...table, caption: "P99" }],
  cells: table,
  failures: [{ name: "f", caption: "Cells that failed", columns: ["cell", "reason"], rows: [[{ text: "x" }, { text: "no <memory>" }]] }], // prettier-ignore
  charts: new Map([["sweep", "<svg></svg>"]]),
  sections: [{ heading: "Commands", commands: ["servesim sweep merge s.yaml"] }],
};
const page = (of: SweepPageInput): Document =>
  new JSDOM(renderSweep(of).replace(/<style>[^]*?<\/style>/, "")).window.document;
const texts = (document: Document, selector: string): string[] =>
  [...document.querySelectorAll(selector)].map((each) => each.textContent.replace(/\s+/g, " ").trim());

test("the answer comes first, then who wins where, charts, trust, what failed, every cell; texts stay texts", () => {
  const document = page(input);
  expect(texts(document, "h1, .headline, .believe, h2")).toEqual([
    "servesim sweep: a & b",
    "a answers fastest.",
    "All 4 cells are finished.",
    "Who wins where",
    "Charts",
    "Can you trust this?",
    "Cells without a result",
    "Every cell",
    "Where it comes from",
  ]);
  expect(texts(document, "#failures ~ div td")).toEqual(["no <memory>"]);
  expect(texts(document, "details summary")).toEqual(["P99"]);
  const [exact] = document.querySelectorAll("[data-value]");
  expect([exact!.getAttribute("data-value"), exact!.textContent]).toEqual(["12.0312", "12.0 ms (11 to 13)"]);
});

test("without a winner, a chart or a failure the page has no empty part", () => {
  const document = page({ ...input, winners: [], failures: [], charts: new Map() });
  expect(texts(document, "h2")).toEqual(["Can you trust this?", "Every cell", "Where it comes from"]);
});
