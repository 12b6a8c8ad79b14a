/** The what-if page as a reader meets it: in Chromium, from a file; and its figures beside those of the command line. */
import { createRequire } from "node:module";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { whatIfPage } from "../../jobs/what-if-page/index.js";
import { servesimIn } from "../support/servesim-process.js";
import { closeChromium, openFile, testInChromium, type OpenPage } from "./chromium.fixture.js";

const folder = mkdtempSync(join(tmpdir(), "servesim-what-if-"));
const file = join(folder, "what-if.html");
beforeAll(() => {
  writeFileSync(file, whatIfPage(["mini-cpu-2core", "h100-llama-3.1-8b-vllm-0.26"]));
});
afterAll(async () => {
  await closeChromium();
  rmSync(folder, { recursive: true, force: true });
});

/** Small, so that the tests take seconds. */
const SMALL = "num_prompts=150";

/** Opens the page with a state, and waits until all of the load is simulated. */
async function opened(hash: string, options = {}): Promise<OpenPage> {
  const open = await openFile(file, options, `#${hash}`);
  await exact(open.page);
  return open;
}

/** Until it holds; the page's policy forbids Playwright's own way, which evaluates text. */
async function until(page: Page, holds: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await holds())) await page.waitForTimeout(20);
}

const exact = (page: Page) => page.waitForSelector('#results[data-stage="exact"]');

/** Of each policy, what the table shows, to the last digit. */
function figuresOf(page: Page): Promise<Readonly<Record<string, Readonly<Record<string, number>>>>> {
  return page.evaluate(`Object.fromEntries(["naive", "dynamic", "vllm"].map((policy, at) => [policy, Object.fromEntries(
    [...document.querySelectorAll("#table tbody tr")].flatMap((row) => {
      const value = row.querySelectorAll("td")[at].dataset.value;
      return value === undefined ? [] : [[row.dataset.key, Number(value)]];
    }),
  )]))`);
}

test("without its profiles the page has at most 400 kB", () => {
  const html = readFileSync(file, "utf8");
  const [, data = ""] = /<script id="data" type="application\/json">([^]*?)<\/script>/.exec(html) ?? [];
  expect(JSON.parse(data)).toMatchObject({ profiles: [{ reference: "mini-cpu-2core" }, {}] });
  expect(statSync(file).size - Buffer.byteLength(data)).toBeLessThanOrEqual(400_000);
});

testInChromium.each([
  ["whole batches", `${SMALL}&request_rate=12&seed=3&naive.timeout_s=0.1&dynamic.max_batch_size=6&vllm.max_num_seqs=5`],
  [
    "a vLLM server",
    `profile=h100-llama-3.1-8b-vllm-0.26&${SMALL}&request_rate=9&lengths=long&input_len=150&burstiness=0.5&vllm.num_gpu_blocks=900&vllm.enable_prefix_caching=true`,
  ],
])("the copied commands print the page's figures, to the last digit: %s", async (_, hash) => {
  const { page, errors, requests } = await opened(hash);
  const shown = await figuresOf(page);
  const commands = await page.locator("#commands code").allTextContents();
  for (const [at, policy] of ["naive", "dynamic", "vllm"].entries()) {
    const { stdout, stderr, code } = await servesimIn(folder, [...commands[at]!.split(" ").slice(1), "--json"]);
    expect([policy, code, /^error.*/m.exec(stderr)]).toEqual([policy, 0, null]);
    const told = JSON.parse(stdout) as Readonly<Record<string, unknown>>;
    const { kv_blocks, ...figures } = shown[policy]!;
    expect(Object.keys(figures).length).toBeGreaterThan(5);
    expect(Object.fromEntries(Object.keys(figures).map((key) => [key, told[key]]))).toEqual(figures);
    const blocks = told.kv_blocks as { total: number; high_water: number[] } | undefined;
    expect(kv_blocks).toBe(blocks === undefined ? undefined : blocks.high_water[0]! / blocks.total);
  }
  expect([errors, requests]).toEqual([[], []]);
});

testInChromium(
  "a slider changes the figures, the address keeps it, and the baseline shows the difference",
  async () => {
    const { page, errors, requests } = await opened(SMALL);
    const before = await figuresOf(page);
    await page.click("#pin");
    await page.focus('input[aria-label="Batch size, slider"]');
    for (let press = 0; press < 40; press++) await page.keyboard.press("ArrowRight");
    await page.waitForSelector('#changes:has-text("naive: batch size")');
    await page.waitForSelector("#table .difference.better, #table .difference.worse");
    const after = await figuresOf(page);
    expect(after.naive).not.toEqual(before.naive);
    expect([after.dynamic, after.vllm]).toEqual([before.dynamic, before.vllm]);
    await until(page, () => page.url().includes("naive.batch_size="));

    const hash = new URL(page.url()).hash.slice(1);
    const again = await opened(hash);
    expect(await figuresOf(again.page)).toEqual(after);
    expect(await again.page.textContent("#changes")).toBe(await page.textContent("#changes"));
    expect([errors, requests, again.errors]).toEqual([[], [], []]);
  },
);

testInChromium("what a policy rejects is said, and the others are shown", async () => {
  const { page, errors } = await opened(`profile=h100-llama-3.1-8b-vllm-0.26&${SMALL}&replicas=2`);
  expect(await page.textContent("#errors")).toMatch(
    /naive: 2 replicas of naive in front of a vLLM server are not modelled/,
  );
  const shown = await figuresOf(page);
  expect([shown.naive, shown.vllm!.request_throughput! > 0]).toEqual([{}, true]);
  expect(errors).toEqual([]);
});

testInChromium("the batch can be stepped, played and paused, and every lesson shows what it says", async () => {
  const { page, errors } = await opened(`${SMALL}&vllm.num_gpu_blocks=30`);
  const text = (): Promise<string | null> => page.textContent("#frame-text");
  await page.waitForSelector('#frame-text:has-text("KV blocks in use")');
  const first = await text();
  await page.click("#step-on");
  expect(await text()).not.toBe(first);
  await page.click("#step-back");
  expect(await text()).toBe(first);
  await page.selectOption("#speed", "40");
  await page.click("#play");
  await until(page, async () => (await text()) !== first);
  await page.click("#play");
  const paused = await text();
  expect(await page.textContent("#play")).toBe("Play");
  await page.check("#watch-naive");
  await page.waitForSelector('#frame-text:has-text("Picture")');
  expect(paused).toMatch(/^Step \d+ of \d+ \(.*of 29 KV blocks in use/);
  for (const preset of await page.locator("[data-preset]").all()) {
    await preset.click();
    await page.waitForSelector("#table .difference");
    expect(await page.isVisible("#lesson")).toBe(true);
    expect(await page.textContent("#changes")).toMatch(/^Against the baseline: /);
  }
  expect(errors).toEqual([]);
});

testInChromium.each(["light", "dark"] as const)("axe-core finds nothing in %s, also at 320 px", async (colorScheme) => {
  const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  for (const width of [1280, 320]) {
    const { page } = await opened(`${SMALL}&baseline.profile=mini-cpu-2core`, {
      colorScheme,
      viewport: { width, height: 900 },
      bypassCSP: true,
    });
    await page.evaluate(axe);
    const run = "axe.run().then(({ violations }) => violations)";
    const found = await page.evaluate<{ id: string; nodes: { html: string }[] }[]>(run);
    expect(found.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
    await page.close();
  }
});
