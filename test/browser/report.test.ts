/** The report as a reader opens it: from file://, with mouse or keyboard, in light and dark, on a phone and on paper. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import axeCore from "axe-core";
import type { Page } from "playwright-core";
import { chartRunsOf, renderChart, type ChartRow } from "../../report/charts/index.js";
import { metricDefinitions, renderReport, type HeadlineRow, type ReportInput } from "../../report/html/index.js";
import { closeChromium, openFile, testInChromium } from "./chromium.fixture.js";

const folder = mkdtempSync(join(tmpdir(), "servesim-browser-"));
afterAll(async () => {
  await closeChromium();
  rmSync(folder, { recursive: true, force: true });
});

/** Three policies, simulated and real, 8 requests each; `name` stands wherever a page has a name or a text. */
function report(name = (text: string): string => text): ReportInput {
  const policies = ["naive", "dynamic", "vllm"].map(name);
  const rows = policies.flatMap((scheduler, at) =>
    (["real", "sim"] as const).flatMap((source) =>
      Array.from({ length: 8 }, (_, seq): ChartRow => {
        const latencyS = 0.1 * (3 - at) + 0.002 * seq + (source === "sim" ? 0.01 : 0);
        return {
          scheduler,
          load: name("poisson"),
          source,
          seq,
          latencyS,
          ttftS: latencyS / 4,
          tokensPerS: 20 / latencyS,
        };
      }),
    ),
  );
  const runs = chartRunsOf(rows);
  const charts = new Map(["ttft_bar_chart", "latency_cdf", "parity"].map((chart) => [chart, renderChart(chart, runs)]));
  const figures = {
    sim: 105,
    real: 100,
    errorPercent: 5,
    intervalPercent: [2, 8] as const,
    spread: [98, 102] as const,
  };
  const row = (policy: string): HeadlineRow => ({ policy, colour: "#0072b2", simInterval: [99, 111], ...figures, verdict: "cannot tell" }); // prettier-ignore
  const load = {
    load: name("poisson"),
    description: name("20 requests/s"),
    statement: name("vllm is best."),
    rows: policies.map(row),
  };
  return {
    title: name("servesim: quickstart"),
    answer: { headline: name("vllm answers fastest."), paragraphs: [name("The order can be believed.")] },
    headline: ["Mean latency", "Mean time to first token"].map((metric) => ({
      name: metric,
      unit: "ms",
      loads: [load],
    })),
    trust: (["fine", "look", "unknown"] as const).map((state) => ({
      name: name(state),
      state,
      text: name("P99 of 2 ms."),
    })),
    samples: policies.flatMap((cell) =>
      (["real", "sim"] as const).map((source) => {
        const e2elMs = rows
          .filter((one) => one.scheduler === cell && one.source === source)
          .map((one) => 1e3 * one.latencyS);
        const parts = { ttftMs: e2elMs.map((ms) => ms / 4), tpotMs: e2elMs.map((ms) => ms / 26), e2elMs };
        return { cell, source, colour: "#0072b2", requests: 8, failed: 0, requestsPerS: 20, ...parts };
      }),
    ),
    outcome: policies.flatMap(
      (cell) =>
      ["ttft", "e2el", "tpot"].map((metric) => ({ cell, metric, stat: "mean", unit: "ms", n: 40, ...figures, verdict: "differs" as const })), // prettier-ignore
    ),
    charts,
    sections: [
      metricDefinitions,
      { heading: name("Machine"), facts: [[name("CPU"), name("two cores")]], paragraphs: [name("text")] },
    ],
    warnings: [name("the machine was busy")],
    lastSections: [{ heading: "Again", commands: [name("servesim run experiment.yaml")] }],
  };
}

const page = write("page.html", report());

function write(name: string, input: ReportInput): string {
  const file = join(folder, name);
  writeFileSync(file, renderReport(input));
  return file;
}

/** What axe-core finds wrong, a line each; `only`: by these rules. */
async function faults(of: Page, only?: readonly string[]): Promise<string[]> {
  await of.evaluate(axeCore.source);
  return of.evaluate(async (runOnly) => {
    interface Violation {
      readonly id: string;
      readonly nodes: readonly { readonly html: string }[];
    }
    const { axe } = globalThis as unknown as { axe: { run(options: object): Promise<{ violations: Violation[] }> } };
    const { violations } = await axe.run(runOnly === undefined ? {} : { runOnly });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" | ")}`);
  }, only);
}

testInChromium(
  "opens from a file without errors or requests; axe-core finds nothing, in light or in dark",
  async () => {
    const { page: shown, errors, requests } = await openFile(page, { colorScheme: "light" });
    expect(await faults(shown)).toEqual([]);
    await shown.emulateMedia({ colorScheme: "dark" });
    expect(await faults(shown, ["color-contrast"])).toEqual([]);
    expect([errors, requests]).toEqual([[], []]);
  },
);

testInChromium(
  "at 320 px only tables and charts scroll sideways, each by itself; on paper all is unfolded",
  async () => {
    const { page: shown } = await openFile(page, { viewport: { width: 320, height: 640 } });
    expect(await shown.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
    await shown.emulateMedia({ media: "print" });
    await shown.evaluate(() => window.dispatchEvent(new Event("beforeprint")));
    expect(await shown.locator("form, nav, .tools, details.data").locator("visible=true").count()).toBe(0);
    expect(await shown.locator("details:not([open], .data)").count()).toBe(0);
  },
);

testInChromium("every control is reached by the Tab key, in the order of the page", async () => {
  const { page: shown } = await openFile(page);
  const controls = "a[href], button, input, select, summary, [tabindex='0']";
  const wanted = await shown.locator(controls).locator("visible=true").count();
  const order = await shown.evaluate(() => [...document.querySelectorAll("*")].length);
  const places: number[] = [];
  for (let at = 0; at < wanted; at++) {
    await shown.keyboard.press("Tab");
    places.push(await shown.evaluate(() => [...document.querySelectorAll("*")].indexOf(document.activeElement!)));
  }
  expect(order).toBeGreaterThan(wanted);
  expect(new Set(places).size).toBe(wanted);
  expect(places).toEqual([...places].sort((a, b) => a - b));
});

testInChromium(
  "a chart says its values under the pointer and the arrow keys, and keeps those that are pinned",
  async () => {
    const { page: shown } = await openFile(page);
    const figure = shown.locator("#chart-ttft_bar_chart");
    await figure.locator(".plot").focus();
    await shown.keyboard.press("ArrowRight");
    const first = await figure.locator(".tip:not(.pinned)").textContent();
    expect(first).toMatch(/^naive, poisson, real: .*\d/);
    expect(await figure.locator("[role=status]").textContent()).toBe(first);
    await shown.keyboard.press("Enter");
    await shown.keyboard.press("ArrowDown");
    expect(await figure.locator(".tip:not(.pinned)").textContent()).not.toBe(first);
    expect(await figure.locator(".tip.pinned").count()).toBe(1);
    await shown.keyboard.press("Escape");
    expect(await figure.locator(".tip").locator("visible=true").count()).toBe(0);
    await figure.locator("svg [fill='#009e73']").last().hover();
    expect(await figure.locator(".tip:not(.pinned)").textContent()).toMatch(/^vllm, poisson, real: /);
  },
);

testInChromium("a series is dimmed by its legend entry and by its button; the data are a table and a CSV", async () => {
  const { page: shown, requests } = await openFile(page);
  const figure = shown.locator("#chart-parity");
  const dimmed = () => figure.locator("svg .dimmed:not(.legend-entry)").count();
  await figure.getByRole("button", { name: "naive" }).click();
  const points = await dimmed();
  expect(points).toBeGreaterThan(0);
  await figure.locator(".legend-entry", { hasText: "naive" }).click();
  expect(await dimmed()).toBe(0);
  await figure.locator("summary").click();
  await figure.locator("details.data table").waitFor();
  const rows = await figure.locator("details.data tbody tr").count();
  const [download] = await Promise.all([
    shown.waitForEvent("download"),
    figure.getByRole("button", { name: /CSV/ }).click(),
  ]);
  expect(download.suggestedFilename()).toBe("parity.csv");
  const lines = readFileSync(await download.path(), "utf8")
    .trim()
    .split("\r\n");
  expect(lines).toHaveLength(1 + rows);
  expect(lines[1]).toMatch(/^"?naive/);
  expect(requests).toEqual([]);
});

testInChromium("a limit that is moved with the keys changes the share of requests within it", async () => {
  const { page: shown } = await openFile(page);
  const share = () => shown.locator("#slo-result tbody tr").last().locator("td").first().textContent();
  expect(await share()).toBe("100.0 %");
  await shown.locator("#slo-e2el").focus();
  await shown.keyboard.press("Home");
  expect([await shown.locator("#slo-e2el-text").textContent(), await share()]).toEqual(["100 ms", "12.5 %"]);
});

const hostile = [
  `<img src=x onerror="document.title='owned'">`,
  `"><script>document.title='owned'</script>`,
  "</title></script><b>x</b>",
];

testInChromium.each(hostile)("%s in every name and text stays text", async (bad) => {
  const {
    page: shown,
    errors,
    requests,
  } = await openFile(
    write(
      "hostile.html",
      report((text) => `${text} ${bad}`),
    ),
  );
  await shown.locator("#chart-ttft_bar_chart .plot").focus();
  await shown.keyboard.press("ArrowRight");
  await shown.locator("#chart-ttft_bar_chart summary").click();
  expect([errors, requests]).toEqual([[], []]);
  expect(await shown.locator("img, b").count()).toBe(0);
  expect(await shown.title()).toBe(`servesim: quickstart ${bad}`);
});
