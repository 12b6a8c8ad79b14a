/** Guards of the documentation: links lead somewhere, README is short and its commands are known. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

const docs = readdirSync("docs").filter((name) => name.endsWith(".md"));
const pages = ["README.md", "CONTRIBUTING.md", "SECURITY.md", ...docs.map((name) => join("docs", name))];

const textOf = (path: string): string => readFileSync(path, "utf8");

/** The text outside code. */
const prose = (text: string): string => text.replace(/^ *```.*?^ *```$/gms, "");

/** The anchor of a heading, as GitHub makes it. */
function anchorOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(" ", "-");
}

function anchorsIn(path: string): string[] {
  return [...prose(textOf(path)).matchAll(/^#+ (.*)$/gm)].map((match) => anchorOf(match[1]!));
}

test.each(pages)("every link of %s leads to a file, and to a heading of it", (page) => {
  const broken = [...prose(textOf(page)).matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => match[1]!)
    .filter((link) => !/^https?:/.test(link))
    .filter((link) => {
      const [file, anchor] = link.split("#");
      const path = file === "" ? page : normalize(join(dirname(page), file!));
      return !existsSync(path) || (anchor !== undefined && !anchorsIn(path).includes(anchor));
    });
  expect(broken).toEqual([]);
});

test("every page of docs/ is in its index", () => {
  const index = textOf(join("docs", "README.md"));
  expect(docs.filter((name) => name !== "README.md" && !index.includes(`(${name}`))).toEqual([]);
});

test("README is read in a few minutes", () => {
  expect(textOf("README.md").split("\n").length).toBeLessThanOrEqual(151);
});

test("the commands and flags in README are those of the command line", () => {
  const blocks = [...textOf("README.md").matchAll(/^```\n(.*?)^```$/gms)].map((match) => match[1]!);
  const lines = blocks.join("").replaceAll("\\\n", " ").split("\n");
  const commands = lines.filter((line) => line.startsWith("servesim "));
  expect(commands.length).toBeGreaterThan(3);
  const helps = new Map<string, string>();
  for (const line of commands) {
    const name = line.split(/\s+/)[1]!;
    if (!helps.has(name)) {
      helps.set(name, execFileSync(process.execPath, ["dist/cli/main.js", name, "--help"], { encoding: "utf8" }));
    }
    const flags = line.match(/--[a-z-]+/g) ?? [];
    expect(flags.filter((flag) => !new RegExp(`${flag}\\s`).test(helps.get(name)!))).toEqual([]);
    const files = line.match(/\b(?:profiles|examples)\/\S+/g) ?? [];
    expect(files.filter((file) => !existsSync(file))).toEqual([]);
  }
});
