import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeMarkedSection } from "./marked-section.js";

let path: string;
beforeEach(() => {
  path = join(mkdtempSync(join(tmpdir(), "servesim-section-")), "page.md");
});
afterEach(() => {
  rmSync(join(path, ".."), { recursive: true });
});

const page = "# A\n\n<!-- x:begin -->\n\nold\n\n<!-- x:end -->\n\n## B\n\n<!-- y:begin -->\n<!-- y:end -->\n";

test("a section is replaced, again with the same bytes, and nothing else is touched", () => {
  writeFileSync(path, page);
  writeMarkedSection(path, "x", "new $& text\n");
  const once = readFileSync(path, "utf8");
  expect(once).toBe(page.replace("old", () => "new $& text"));
  writeMarkedSection(path, "x", "new $& text");
  expect(readFileSync(path, "utf8")).toBe(once);
  writeMarkedSection(path, "y", "more");
  expect(readFileSync(path, "utf8")).toContain("<!-- y:begin -->\n\nmore\n\n<!-- y:end -->\n");
});

test.each([
  ["no marks", "# A\n"],
  ["the end alone", "<!-- x:end -->"],
  ["the end first", "<!-- x:end --> <!-- x:begin -->"],
  ["two of them", `${page}${page}`],
])("a page with %s is rejected and left as it is", (_, text) => {
  writeFileSync(path, text);
  expect(() => {
    writeMarkedSection(path, "x", "new");
  }).toThrow('expected "<!-- x:begin -->" and after it "<!-- x:end -->", once each');
  expect(readFileSync(path, "utf8")).toBe(text);
});

test("a page that is not there is named", () => {
  expect(() => {
    writeMarkedSection(path, "x", "new");
  }).toThrow(`cannot read ${path}: no such file`);
});
