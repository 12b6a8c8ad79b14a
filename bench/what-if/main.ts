/**
 * How soon the what-if page shows a picture after a slider has moved: opens the page of a profile in Chromium, moves the request
 * rate, and prints the times that the page itself notes (User Timing). npm run -s bench:what-if [-- PROFILE]
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { whatIfPage } from "../../jobs/what-if-page/index.js";

const MOVES = 20;
/** The exact runs of a move are done by then, ms. */
const PAUSE_MS = 1500;

const profile = process.argv[2] ?? "h100-llama-3.1-8b-vllm-0.26";
const folder = mkdtempSync(join(tmpdir(), "servesim-what-if-"));
const file = join(folder, "what-if.html");
writeFileSync(file, whatIfPage([profile]));
const executablePath = process.env.SERVESIM_CHROMIUM ?? "/usr/bin/chromium";
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
try {
  const page = await browser.newPage();
  await page.goto(pathToFileURL(file).href);
  await page.waitForSelector('#results[data-stage="exact"]');
  await page.waitForTimeout(PAUSE_MS);
  await page.evaluate("performance.clearMeasures()");
  await page.focus('input[aria-label="Request rate, slider"]');
  for (let move = 0; move < MOVES; move++) {
    await page.keyboard.press(move % 2 === 0 ? "ArrowRight" : "ArrowLeft");
    await page.waitForTimeout(PAUSE_MS);
  }
  for (const name of ["first picture", "exact picture"]) {
    const script = `performance.getEntriesByName("${name}").map(({ duration }) => duration)`;
    const times = (await page.evaluate<number[]>(script)).sort((a, b) => a - b);
    const at = (share: number): string => `${Math.round(times[Math.floor(share * (times.length - 1))] ?? NaN)} ms`;
    console.log(`${profile}, ${name}: median ${at(0.5)}, greatest ${at(1)} of ${times.length} moves`);
  }
} finally {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
}
