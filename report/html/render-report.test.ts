import { JSDOM } from "jsdom";
import { ConfigError } from "../../formats/index.js";
import {
  metricDefinitions,
  renderReport,
  type HeadlineRow,
  type OutcomeRow,
  type ReportInput,
  type SloSample,
} from "./index.js";
import { stripReachPercent } from "./error-strip.js";
import { percentText, valueText } from "./figures.js";

const row = (more: Partial<OutcomeRow> = {}): OutcomeRow => ({
  cell: "naive, 8 req/s",
  metric: "ttft",
  stat: "mean",
  unit: "ms",
  sim: 103.2,
  real: 100,
  errorPercent: 3.2,
  intervalPercent: [-1, 4.4],
  tolerancePercent: 5,
  spread: [96, 105],
  verdict: "agrees",
  n: 99,
  ...more,
});

const headlineRow = (more: Partial<HeadlineRow> = {}): HeadlineRow => ({
  policy: "vllm",
  colour: "#009e73",
  sim: 103.2,
  simInterval: [99, 107],
  real: 100,
  errorPercent: 3.2,
  intervalPercent: [-1, 4.4],
  spread: [96, 105],
  verdict: "agrees",
  ...more,
});

const svg = `<svg xmlns="http://www.w3.org/2000/svg" class="servesim-chart"><title>one</title></svg>`;

const report = (more: Partial<ReportInput> = {}): ReportInput => ({
  title: "Three schedulers",
  answer: { headline: "vllm answers fastest.", paragraphs: ["It can be believed, within 4 %."] },
  headline: [
    {
      name: "Mean latency",
      unit: "ms",
      loads: [{ load: "poisson", description: "20 requests/s", statement: "vllm is best.", rows: [headlineRow()] }],
    },
  ],
  trust: [
    { name: "Errors", state: "fine", text: "All 72 requests were answered." },
    { name: "Lag", state: "look", text: "P99 of 22 ms." },
  ],
  samples: [],
  outcome: [row()],
  charts: new Map([["ttft_bar_chart", svg]]),
  sections: [
    { heading: "Machine and profile", facts: [["GPU", "H100"]], paragraphs: ["Measured twice."] },
    metricDefinitions,
  ],
  warnings: ["cell naive, 8 req/s left the measured range"],
  lastSections: [{ heading: "Files", facts: [["experiment.yaml", "the resolved experiment"]] }],
  ...more,
});

const sample = (more: Partial<SloSample> = {}): SloSample => ({
  cell: "naive",
  source: "real",
  colour: "#0072b2",
  requests: 5,
  failed: 1,
  requestsPerS: 10,
  ttftMs: [10, 20, 30, 40],
  tpotMs: [1, 1, 1, 1],
  e2elMs: [100, 200, 300, Number.NaN],
  ...more,
});

/** Without its style sheet, which jsdom takes long to read. */
const page = (input: ReportInput) =>
  new JSDOM(renderReport(input).replace(/<style>[^]*?<\/style>/, "")).window.document;
const texts = (document: Document, selector: string) =>
  [...document.querySelectorAll(selector)].map((each) => each.textContent.replace(/\s+/g, " ").trim());

/** The page after its script has run. */
const scripted = (input: ReportInput) =>
  new JSDOM(renderReport(input).replace(/<meta http-equiv[^>]*>|<style>[^]*?<\/style>/g, ""), {
    runScripts: "dangerously",
  }).window;

describe("renderReport", () => {
  it("puts the answer first, then who wins, whether to trust it, charts, all figures, method and where it comes from", () => {
    const document = page(report());
    expect(texts(document, "h1, .headline, .believe, h2")).toEqual([
      "Three schedulers",
      "vllm answers fastest.",
      "It can be believed, within 4 %.",
      "Who wins where",
      "Can you trust this?",
      "Warnings",
      "Charts",
      "All figures",
      "Method",
      "Where it comes from",
    ]);
  });

  it("shows each policy under each load with its error, interval and verdict, and the statement above them", () => {
    const document = page(report());
    expect(texts(document, ".headline-table tr.load")).toEqual(["poisson 20 requests/svllm is best."]);
    expect(texts(document, ".headline-table tbody tr:last-child > *")).toEqual([
      "vllm",
      "",
      "103.2",
      "100.0",
      "+3.2 %",
      "−1.0 to +4.4 %",
      "✓ agrees",
    ]);
    expect(document.querySelectorAll(".bars rect")).toHaveLength(2);
  });

  it("draws bars for what is known: nothing real, no interval, nothing finite, zeros", () => {
    const shapes = (more: Partial<HeadlineRow>): number => {
      const rows = [headlineRow({ spread: undefined, simInterval: undefined, ...more })];
      const headline = [{ ...report().headline[0]!, loads: [{ ...report().headline[0]!.loads[0]!, rows }] }];
      return page(report({ headline })).querySelectorAll(".bars rect, .bars path").length;
    };
    expect([
      shapes({}),
      shapes({ real: undefined }),
      shapes({ real: undefined, sim: Number.NaN }),
      shapes({ real: 0, sim: 0 }),
      shapes({ spread: [90, 110], simInterval: [99, Number.NaN] }),
    ]).toEqual([2, 1, 0, 0, 3]);
  });

  it("puts what is worth a look first, each state in words", () => {
    expect(texts(page(report()), ".checks li")).toEqual([
      "! Lag worth a lookP99 of 22 ms.",
      "✓ Errors fineAll 72 requests were answered.",
    ]);
  });

  it("folds a long table of the method", () => {
    const table = { caption: "Runs", columns: ["a", "b"], rows: Array.from({ length: 20 }, (_, i) => [`r${i}`, "1"]) };
    const document = page(report({ sections: [{ heading: "Runs", table }] }));
    expect(texts(document, "#method ~ details summary")).toEqual(["Runs: 20 rows"]);
  });

  it("loads nothing from outside", () => {
    const html = renderReport(report());
    expect(html).not.toMatch(/<link|<img|@import|url\(|src=|https?:\/\/(?!www\.w3\.org\/2000\/svg)/);
    expect(html).toMatch(/default-src 'none'/);
  });

  it("gives each figure a row with its error, interval, spread and a verdict in words", () => {
    const cells = texts(page(report()), ".outcome tbody tr:first-child > *");
    expect(cells).toEqual([
      "naive, 8 req/s",
      "ttft mean ms",
      "103.2",
      "100.0",
      "+3.2 %",
      "−1.0 to +4.4 %",
      "±5.0 %",
      "",
      "96.00 to 105.0",
      "99",
      "✓ agrees",
    ]);
  });

  it("marks what is missing with a dash", () => {
    const outcome = [
      row({
        real: undefined,
        errorPercent: Number.NaN,
        intervalPercent: undefined,
        spread: undefined,
        verdict: undefined,
      }),
    ];
    expect(texts(page(report({ outcome })), ".outcome tbody tr:first-child > *").slice(2)).toEqual([
      "103.2",
      "–",
      "–",
      "–",
      "±5.0 %",
      "",
      "–",
      "99",
      "– no verdict",
    ]);
  });

  it("says each verdict in words with a sign of its own, and counts agreement alone", () => {
    const open = { verdict: "cannot tell", verdictText: "cannot tell, 4 more repeats would settle it" } as const;
    const document = page(
      report({ outcome: [row(), row({ verdict: "differs" }), row(open), row({ verdict: undefined })] }),
    );
    expect(texts(document, ".outcome td.verdict")).toEqual([
      "✓ agrees",
      "✗ differs",
      "? cannot tell 4 more repeats would settle it",
      "– no verdict",
    ]);
    expect(texts(document, "#outcome + p")[0]).toBe(
      "Verdicts: agrees 1, differs 1, cannot tell 1 of 3; 1 more figure without a verdict.",
    );
    expect([...document.querySelectorAll(".cannot-tell")]).toHaveLength(1);
  });

  it("marks the tolerance on the strip where it fits", () => {
    const edges = (tolerancePercent: number): number =>
      page(report({ outcome: [row({ tolerancePercent })] })).querySelectorAll(".strip-tolerance").length;
    expect([edges(5), edges(50)]).toEqual([2, 0]);
  });

  it("shows mean and p95 of the main metrics up front and folds the rest by cell", () => {
    const outcome = ["ttft", "latency", "throughput", "tpot"].flatMap((metric) =>
      ["mean", "p50", "p95"].map((stat) => row({ metric, stat })),
    );
    const document = page(report({ outcome }));
    expect(texts(document, ".wide:not(details *) .outcome tbody td:nth-child(2)")).toEqual(
      ["ttft", "latency", "throughput"].flatMap((metric) => [`${metric} mean ms`, `${metric} p95 ms`]),
    );
    expect(texts(document, "#outcome ~ details summary")).toEqual(["naive, 8 req/s: 6 more figures"]);
  });

  it("keeps twelve cells of twelve figures to six rows a cell up front", () => {
    const outcome = Array.from({ length: 12 }, (_, cell) =>
      ["ttft", "latency", "throughput"].flatMap((metric) =>
        ["mean", "p50", "p90", "p95"].map((stat) => row({ cell: `cell ${cell}`, metric, stat })),
      ),
    ).flat();
    const document = page(report({ outcome }));
    expect(document.querySelectorAll(".wide:not(details *) .outcome tbody tr")).toHaveLength(72);
    expect(document.querySelectorAll("details")).toHaveLength(12);
  });

  it("shows every row without JavaScript, and filters by cell and metric with it", () => {
    const outcome = [row(), row({ cell: "vllm" }), row({ cell: "vllm", metric: "tpot" })];
    const still = page(report({ outcome }));
    expect(still.querySelector("form")!.hidden).toBe(true);
    expect(still.querySelectorAll("tr[hidden]")).toHaveLength(0);
    const window = scripted(report({ outcome }));
    const { document } = window;
    expect(document.querySelector("form")!.hidden).toBe(false);
    document.querySelector<HTMLSelectElement>("#filter-cell")!.value = "vllm";
    document.querySelector("form#filter")!.dispatchEvent(new window.Event("input"));
    expect(texts(document, "tr[data-cell]:not([hidden]) th")).toEqual(["vllm", "vllm"]);
    expect(texts(document, "#filter-count")).toEqual(["2 of 3 rows"]);
    window.close();
  });

  it("counts the requests within the limits that are set; those without an answer are in none", () => {
    const window = scripted(report({ samples: [sample(), sample({ source: "sim", failed: 0, requests: 4 })] }));
    const { document } = window;
    const set = (key: string, step: string): void => {
      const slider = document.querySelector<HTMLInputElement>(`#slo-${key}`)!;
      slider.value = step;
      slider.dispatchEvent(new window.Event("input", { bubbles: true }));
    };
    const shares = (): string[] => texts(document, "#slo-result td.number");
    for (const key of ["ttft", "tpot", "e2el"]) set(key, "200");
    expect(texts(document, "output[for^=slo]")).toEqual(["no limit", "no limit", "no limit"]);
    expect(shares()).toEqual(["80.0 %", "8.00", "100.0 %", "10.00"]);
    set("ttft", "0");
    expect(texts(document, "#slo-ttft-text")).toEqual(["10 ms"]);
    expect(shares()).toEqual(["20.0 %", "2.00", "25.0 %", "2.50"]);
    set("ttft", "200");
    set("e2el", "199");
    expect(shares()).toEqual(["60.0 %", "6.00", "75.0 %", "7.50"]);
    window.close();
  });

  it("can be used with a keyboard and a screen reader", () => {
    const document = page(report());
    expect(document.documentElement.lang).toBe("en");
    expect(document.querySelector("body > a")!.getAttribute("href")).toBe("#main");
    expect([...document.querySelectorAll("table")].every((each) => each.caption !== null)).toBe(true);
    expect([...document.querySelectorAll("th")].every((each) => each.scope !== "")).toBe(true);
    expect([...document.querySelectorAll("figure")].every((each) => each.querySelector("figcaption"))).toBe(true);
    expect([...document.querySelectorAll("select")].every((each) => each.labels.length === 1)).toBe(true);
    for (const link of document.querySelectorAll("a")) {
      expect(document.querySelector(link.getAttribute("href")!)).not.toBeNull();
    }
  });

  it.each(["<script>alert(1)</script>", `"><img src=x onerror=alert(1)>`, "</title><b>", "&amp;'"])(
    "keeps %s text",
    (bad) => {
      const table = { caption: bad, columns: [bad, "b"], rows: [[bad, bad]] };
      const document = page({
        title: bad,
        answer: { headline: bad, paragraphs: [bad] },
        headline: [
          {
            name: bad,
            unit: bad,
            loads: [
              { load: bad, description: `${bad} `, statement: bad, rows: [headlineRow({ policy: bad, remark: bad })] },
            ],
          },
        ],
        trust: [{ name: bad, state: "look", text: bad }],
        samples: [sample({ cell: bad })],
        outcome: [row({ cell: bad, metric: bad, stat: bad, unit: bad }), row({ cell: bad })],
        charts: new Map(),
        sections: [{ heading: bad, facts: [[bad, bad]], paragraphs: [bad], table }],
        warnings: [bad],
        lastSections: [],
      });
      expect([...document.querySelectorAll("script")].map(({ type }) => type)).toEqual(["application/json", ""]);
      expect(document.querySelectorAll("img, b, script script")).toHaveLength(0);
      expect(document.title).toBe(bad.trim());
      expect(document.querySelector("h1")!.textContent).toBe(bad);
      expect(document.querySelector("tr[data-cell]")!.getAttribute("data-cell")).toBe(bad);
    },
  );

  it("rejects a chart that is not plain SVG", () => {
    const bads = [
      "<p>no</p>",
      "<svg><script>1</script></svg>",
      `<svg onload="x()"/>`,
      `<svg a='"' onload='x()' b='"'/>`,
    ];
    for (const bad of bads) {
      expect(() => renderReport(report({ charts: new Map([["odd", bad]]) }))).toThrow(ConfigError);
    }
  });

  it("takes a chart whose names look like scripts", () => {
    const named = `<svg aria-label="a onload=x &lt;script>" role="img"><text>b onload="1" &lt;script&gt;</text></svg>`;
    expect(page(report({ charts: new Map([["odd", named]]) })).querySelectorAll("figure svg")).toHaveLength(1);
  });

  it("says so when nothing was compared and there is nothing else to show", () => {
    const nothing = {
      outcome: [],
      headline: [],
      trust: [],
      charts: new Map(),
      sections: [],
      warnings: [],
      lastSections: [],
    };
    const document = page(report(nothing));
    expect(texts(document, "h2")).toEqual(["Who wins where", "All figures"]);
    expect(texts(document, "main p")).toEqual([
      "No finished request, so there is nothing to compare.",
      expect.stringMatching(/^Nothing was compared/),
    ]);
  });
});

describe("figures in the outcome table", () => {
  it("have four significant digits", () => {
    expect([0, 1234.5, 0.0123456, -3, 2e9, 1e-7].map(valueText)).toEqual([
      "0",
      "1,235",
      "0.01235",
      "−3.000",
      "2.000e+9",
      "1.000e−7",
    ]);
  });

  it("have signed errors", () => {
    expect([3.24, -0.4, 0.01, 1234].map(percentText)).toEqual(["+3.2", "−0.4", "0.0", "+1,234.0"]);
  });

  it("share one scale of error strips, wide enough for most", () => {
    expect(stripReachPercent([row({ errorPercent: 3 })])).toBe(5);
    expect(stripReachPercent([row({ errorPercent: -30 })])).toBe(50);
    expect(stripReachPercent([row({ errorPercent: undefined })])).toBe(5);
  });
});
