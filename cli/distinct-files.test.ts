/** No file is written twice by a command, or where it reads: the command line as yargs hands it over. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { requireDistinctFiles } from "./distinct-files.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "servesim-distinct-"));
  writeFileSync(join(folder, "p.json"), "{}");
  symlinkSync("p.json", join(folder, "link.json"));
  mkdirSync(join(folder, "mini-cpu-2core"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const inFolder = (args: Readonly<Record<string, string | string[]>>) =>
  Object.fromEntries(
    Object.entries(args).map(([key, value]) => [key, [value].flat().map((name) => join(folder, name))]),
  );

test.each([
  [{ output: "a.json", page: "a.json" }, /--page .*a\.json: it is what --output writes, choose another name/],
  [{ output: "a.json", chart: "x/../a.json" }, /--chart .*a\.json: it is what --output writes/],
  [{ profile: "p.json", output: "p.json" }, /--output .*p\.json: it is what --profile reads, choose another name/],
  [{ profile: ["q.json", "p.json"], output: "link.json" }, /--output .*link\.json: it is what --profile reads/],
  [{ answer: "p.json", page: "p.json" }, /--page .*p\.json: it is what this command reads/],
  [{ workload: "mini-cpu-2core", output: "mini-cpu-2core" }, /--output .*: it is what --workload reads/],
])("%j is rejected", (args, message) => {
  expect(() => {
    requireDistinctFiles(inFolder(args));
  }).toThrow(message);
});

test("files apart, and a folder called as a profile that ships, are fine", () => {
  requireDistinctFiles(inFolder({ profile: "p.json", output: "a.json", page: "a.html" }));
  requireDistinctFiles(inFolder({ profile: "mini-cpu-2core", output: "mini-cpu-2core" }));
  requireDistinctFiles({ page: true, output: undefined, _: ["simulate"] });
});
