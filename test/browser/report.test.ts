import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { closeChromium, openFile, testInChromium } from "./chromium.fixture.js";

const folder = mkdtempSync(join(tmpdir(), "servesim-browser-"));
afterAll(async () => {
  await closeChromium();
  rmSync(folder, { recursive: true, force: true });
});

testInChromium("opens", async () => {
  const file = join(folder, "page.html");
  writeFileSync(file, "<!doctype html><title>t</title><p>x</p>");
  const { page, errors, requests } = await openFile(file);
  expect(await page.textContent("p")).toBe("x");
  expect([errors, requests]).toEqual([[], []]);
});
