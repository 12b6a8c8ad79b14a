import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { JSDOM } from "jsdom";
import { ConfigError } from "../../../formats/index.js";
import * as charts from "./index.js";
import { chartNames, chartRunsOf, type ChartOptions, type ChartRow, type ChartRun } from "./index.js";

/** Arrivals and times per token as a run knows them: half a second apart; answers of 21 tokens. */
const runsOf = (rows: readonly ChartRow[]): ChartRun[] =>
  chartRunsOf(rows).map((run) => ({
    ...run,
    arrivalS: run.seq.map((seq) => seq / 2),
    tpotS: run.latencyS.map((latencyS, at) => (latencyS - run.ttftS[at]!) / 20),
  }));
const renderChart = (name: string, rows: readonly ChartRow[], options?: ChartOptions) =>
  charts.renderChart(name, runsOf(rows), options);
const renderAllCharts = (rows: readonly ChartRow[]) => charts.renderAllCharts(runsOf(rows)).charts;
const skippedCharts = (rows: readonly ChartRow[]) => charts.renderAllCharts(runsOf(rows)).skipped;
/** They set simulated requests against real ones. */
const ofBoth = ["parity", "qq", "error_by_percentile", "residual_over_load"];

const goldenFolder = join(process.cwd(), "report", "charts", "golden");

/** Three schedulers, two loads, three real repeats and a simulation; one combination is missing. */
function goldenRows(): ChartRow[] {
  const rows: ChartRow[] = [];
  const speed: Record<string, number> = { naive: 1.6, dynamic: 1, vllm: 0.4 };
  for (const [scheduler, slowness] of Object.entries(speed)) {
    for (const [load, count] of [
      ["4 req/s", 8],
      ["8 req/s", 40],
    ] as const) {
      for (const repeat of [0, 1, 2, 3]) {
        if (scheduler === "dynamic" && load === "4 req/s" && repeat === 0) continue;
        for (let seq = 1; seq <= count; seq++) {
          const latencyS = slowness * (1 + ((seq * 7) % 11) / 10) * (1 + repeat / 25) * (load === "8 req/s" ? 1.5 : 1);
          const place = { scheduler, load, seq, source: repeat === 0 ? ("sim" as const) : ("real" as const) };
          rows.push({ ...place, repeat, latencyS, ttftS: latencyS / 8, tokensPerS: 20 / latencyS });
        }
      }
    }
  }
  return rows;
}

const parser = new new JSDOM().window.DOMParser();
function parsed(svg: string): Document {
  const document = parser.parseFromString(svg, "image/svg+xml");
  expect(document.documentElement.tagName).toBe("svg");
  return document;
}

function text(document: Document): string {
  return document.documentElement.textContent;
}

const oneRow: ChartRow = {
  scheduler: "naive",
  load: "1",
  seq: 1,
  source: "real",
  latencyS: 0.25,
  ttftS: 0.1,
  tokensPerS: 80,
};

describe("renderChart", () => {
  const golden = renderAllCharts(goldenRows());

  it.each(chartNames)("draws %s as its golden SVG", (name) => {
    const svg = golden.get(name)!;
    const path = join(goldenFolder, `${name}.svg`);
    if (process.env.UPDATE_GOLDEN === "1") {
      mkdirSync(goldenFolder, { recursive: true });
      writeFileSync(path, svg);
    }
    expect(existsSync(path)).toBe(true);
    expect(svg).toBe(readFileSync(path, "utf8"));
  });

  it.each(chartNames)("says title, n, unit and content of %s to a screen reader", (name) => {
    const svg = parsed(golden.get(name)!);
    const root = svg.documentElement;
    expect(root.getAttribute("role")).toBe("img");
    expect(root.getAttribute("aria-label")).toMatch(/\((s|ms|tokens\/s|%)[^)]*\), n = /);
    expect(root.querySelector("title")!.textContent).toBe(root.getAttribute("aria-label"));
    expect(root.querySelector("desc")!.textContent.length).toBeGreaterThan(40);
  });

  it.each(chartNames)("has unique ids in %s and every reference leads to one", (name) => {
    const svg = parsed(golden.get(name)!);
    const ids = [...svg.querySelectorAll("[id]")].map((each) => each.id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.every((id) => id.startsWith(name))).toBe(true);
    const used = [...golden.get(name)!.matchAll(/(?:url\(|href=")#([^)"]+)/g)].map((match) => match[1]!);
    expect(used.filter((id) => !ids.includes(id))).toEqual([]);
  });

  it("fills real bars and hatches simulated ones in the same colour", () => {
    const bars = [...parsed(golden.get("ttft_bar_chart")!).querySelectorAll("g > rect")];
    const bar = (name: string) => bars.find((each) => each.parentElement!.textContent.startsWith(name))!;
    expect(bar("vllm, 4 req/s, real").getAttribute("fill")).toBe("#009e73");
    expect(bar("vllm, 4 req/s, simulated").getAttribute("fill")).toBe("url(#ttft_bar_chart-hatch-vllm)");
    expect(bar("vllm, 4 req/s, simulated").getAttribute("stroke")).toBe("#009e73");
  });

  it("gives exact values and the range of the repeats as a tooltip", () => {
    expect(text(parsed(golden.get("total_latency_bar_chart")!))).toMatch(
      /naive, 4 req\/s, real: latency, summed [\d.]+ s \(n = 8; 3 repeats from [\d.]+ to [\d.]+ s\)/,
    );
  });

  it("hides percentiles of too few requests and says so", () => {
    const svg = text(parsed(golden.get("latency_percentiles")!));
    expect(svg).toContain("p90 hidden in 5 of 11 cells: it needs at least 36 requests in each run.");
    expect(svg).toContain("p95 hidden everywhere: it needs at least 72 requests in each run.");
    expect(svg).not.toContain("p95 latency");
  });

  it("shows p99 from 368 requests on", () => {
    const rows = Array.from({ length: 368 }, (_, seq) => ({ ...oneRow, seq, latencyS: 1 + seq / 100 }));
    expect(text(parsed(renderChart("latency_percentiles", rows)))).toContain("p99 latency");
    expect(text(parsed(renderChart("latency_percentiles", rows.slice(1))))).not.toContain("p99 latency");
  });

  it("counts the requests within 10 % in the parity chart", () => {
    const rows = [1, 1.05, 1.2, 0.95].flatMap((factor, seq): ChartRow[] => [
      { ...oneRow, seq },
      { ...oneRow, seq, source: "sim", latencyS: oneRow.latencyS * factor },
    ]);
    expect(text(parsed(renderChart("parity", rows)))).toContain("latency: 3 of 4 requests within 10 %");
  });

  it("draws the slow end of a latency down to its slowest request", () => {
    const rows = Array.from({ length: 1000 }, (_, seq) => ({ ...oneRow, seq, latencyS: 1 + seq / 1000 }));
    const svg = text(parsed(renderChart("latency_ccdf", rows)));
    expect(svg).toContain(
      "10% take at least 1.9 s, 1% take at least 1.99 s, 0.1% take at least 1.999 s".replaceAll("%", " %"),
    );
  });

  it("compares quantiles whatever request is which, and errors of percentiles", () => {
    const rows = Array.from({ length: 100 }, (_, seq): ChartRow[] => [
      { ...oneRow, seq, latencyS: 1 + seq },
      { ...oneRow, seq: 99 - seq, source: "sim", latencyS: 1.05 * (1 + seq) },
    ]).flat();
    expect(text(parsed(renderChart("qq", rows)))).toContain(
      "latency: 25 of 25 quantiles within 10 % of the real value",
    );
    const errors = text(parsed(renderChart("error_by_percentile", rows)));
    expect(errors).toContain("naive, run 1, P50: +5.0 %");
    expect(errors).toContain("naive, run 1, P95: +5.0 %");
    expect(errors).not.toContain("P99");
  });

  it("counts who is in the real system when a request comes", () => {
    const times = {
      latencyS: Float64Array.of(3, 1, 1),
      ttftS: Float64Array.of(1, 1, 1),
      tokensPerS: Float64Array.of(1, 1, 1),
    };
    const run = { scheduler: "naive", load: "1", seq: Float64Array.of(1, 2, 3), ...times };
    const real: ChartRun = { ...run, source: "real", arrivalS: Float64Array.of(0, 1, 9) };
    const sim: ChartRun = { ...run, source: "sim", latencyS: Float64Array.of(3, 1.5, 1) };
    const svg = text(parsed(charts.renderChart("residual_over_load", [real, sim])));
    expect(svg).toContain("naive, 2 in the system: median +50.0 %, 80 % from +50.0 % to +50.0 % (n = 1)");
    expect(svg).toContain("naive, 1 in the system: median 0.0 %, 80 % from 0.0 % to 0.0 % (n = 2)");
  });

  it("marks stand for values in the units of the axes", () => {
    const svg = renderChart("latency_ccdf", [oneRow]);
    expect(svg).toContain('data-series="naive, run 1, real" data-x="250" data-y="100" data-n="1"');
  });

  it("puts a title, a note and names with markup in as text", () => {
    const hostile = `<script>alert("1")</script> & 'co' ]]>`;
    const rows = [{ ...oneRow, scheduler: hostile, load: hostile }];
    for (const name of chartNames.filter((each) => ![...ofBoth, "latency_percentiles"].includes(each))) {
      const svg = parsed(renderChart(name, rows, { title: hostile, note: "a <b>note</b>" }));
      expect(svg.querySelector("script, b")).toBeNull();
      expect(svg.documentElement.getAttribute("aria-label")).toContain(hostile);
      expect(text(svg)).toContain("a <b>note</b>");
    }
  });

  it("draws the same bytes whatever the order of the rows", () => {
    const rows = goldenRows();
    for (const name of ["ttft_bar_chart", "latency_boxplot", "latency_cdf", "throughput_line_chart"]) {
      expect(renderChart(name, [...rows].reverse())).toBe(golden.get(name));
    }
  });

  it("rejects an unknown chart by name, with a suggestion", () => {
    expect(() => renderChart("ttft_bar_chrt", [oneRow])).toThrow(
      /unknown chart "ttft_bar_chrt".*did you mean "ttft_bar_chart"/,
    );
  });

  it("rejects rows that have nothing for the chart", () => {
    expect(() => renderChart("parity", [oneRow])).toThrow(ConfigError);
    expect(() => renderChart("latency_percentiles", [oneRow])).toThrow(/cannot be drawn: no run has the 6 requests/);
    expect(() => renderChart("ttft_bar_chart", [{ ...oneRow, ttftS: Number.NaN }])).toThrow(/no row has a usable/);
  });
});

describe("renderAllCharts", () => {
  it("draws one request, and says which charts it leaves out", () => {
    const charts = renderAllCharts([oneRow]);
    expect([...charts.keys()]).toEqual(chartNames.filter((name) => ![...ofBoth, "latency_percentiles"].includes(name)));
    expect(text(parsed([...charts.values()].at(-1)!)).replace(/\s+/g, " ")).toContain("parity is not drawn");
    expect(skippedCharts([oneRow]).map(({ name }) => name)).toEqual(["latency_percentiles", ...ofBoth]);
  });

  it("draws a run of any length with at most 5,000 marks, and all charts in less than 3 MB", () => {
    const count = 50_000;
    const runs = ["naive", "vllm"].flatMap((scheduler, of) =>
      (["real", "sim"] as const).map((source, at): ChartRun => {
        const column = (value: (seq: number) => number): Float64Array => Float64Array.from({ length: count }, (_, seq) => value(seq)); // prettier-ignore
        const latencyS = column((seq) => 1 + of + ((seq * 7919) % 10_007) / 5000 + at / 20);
        return {
          ...{
            scheduler,
            load: "steady",
            source,
            seq: column((seq) => seq),
            latencyS,
            arrivalS: column((seq) => seq / 9),
          },
          ttftS: latencyS.map((value) => value / 9),
          tokensPerS: latencyS.map((value) => 20 / value),
          tpotS: latencyS.map((value) => value / 20),
        };
      }),
    );
    const { charts: drawn } = charts.renderAllCharts(runs);
    const marks = [...drawn].map(([name, svg]) => [name, svg.match(/<(path|circle|rect|line)[ >]/g)!.length] as const);
    expect(marks.filter(([, many]) => many > 5000)).toEqual([]);
    expect([...drawn.values()].join("").length).toBeLessThan(3e6);
    expect(drawn.size).toBe(chartNames.length);
  });

  it("rejects no rows", () => {
    expect(() => renderAllCharts([])).toThrow(ConfigError);
  });

  it("never writes NaN, undefined or Infinity, and always well-formed XML", () => {
    const odd = fc.constantFrom(0, -0, 1e-300, 5e-324, 1e-9, 1, 1e11, 1e300, -1, Number.NaN, Infinity);
    const value = fc.oneof({ weight: 4, arbitrary: fc.double({ min: 0, max: 100 }) }, odd);
    const name = fc.oneof(fc.constantFrom("naive", "dynamic", "vllm"), fc.string({ minLength: 1, maxLength: 60 }));
    const row = fc.record({
      scheduler: name,
      load: fc.oneof(fc.nat(3).map(String), fc.string({ maxLength: 40 }), fc.string({ unit: "binary", maxLength: 9 })),
      seq: fc.nat(9),
      source: fc.constantFrom("real" as const, "sim" as const),
      repeat: fc.nat(2),
      latencyS: value,
      ttftS: value,
      tokensPerS: value,
    });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 12 }), (rows) => {
        for (const [, svg] of renderAllCharts(rows)) {
          parsed(svg);
          // Names may hold anything.
          const written = svg.matchAll(/ (?!aria-label|id|fill|href|data-series|data-x)[\w-]+="([^"]*)"/g);
          expect(
            [...written].map(([, value]) => value!).filter((value) => /NaN|undefined|Infinity/.test(value)),
          ).toEqual([]);
        }
      }),
      { numRuns: 6, seed: 1 },
    );
  });
});
