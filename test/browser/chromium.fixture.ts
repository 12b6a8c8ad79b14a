/**
 * Opens pages in Chromium, as a reader does: from file://, with nothing else reachable. Tests that need it are skipped, loudly,
 * where no Chromium is installed. SERVESIM_CHROMIUM names one that is not in the usual places.
 */
import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";

const places = [
  process.env.SERVESIM_CHROMIUM,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];
const executablePath = places.find((path) => path !== undefined && existsSync(path));

/** `test` where Chromium is installed, otherwise `test.skip`. */
export const testInChromium = executablePath === undefined ? test.skip : test;
if (executablePath === undefined) {
  console.warn("SKIPPED: tests of pages, because Chromium is not installed (apt-get install chromium)");
}

/** A page as Chromium shows it, what it wrote to the console as errors, and the requests it made beyond its own file. */
export interface OpenPage {
  readonly page: Page;
  readonly errors: readonly string[];
  readonly requests: readonly string[];
}

let browser: Promise<Browser> | undefined;

/** Opens a file, `hash` behind its address. The browser is shared by the tests of a file; end it with `closeChromium` in `afterAll`. */
export async function openFile(file: string, options: BrowserContextOptions = {}, hash = ""): Promise<OpenPage> {
  browser ??= chromium.launch({ executablePath: executablePath!, args: ["--no-sandbox"] });
  const context = await (await browser).newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const errors: string[] = [];
  const requests: string[] = [];
  const url = pathToFileURL(file).href;
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  page.on("request", (request) => {
    const target = request.url();
    if (!target.startsWith(url) && !/^(data|blob):/.test(target)) requests.push(target);
  });
  await page.goto(url + hash);
  return { page, errors, requests };
}

export async function closeChromium(): Promise<void> {
  await (await browser)?.close();
  browser = undefined;
}
