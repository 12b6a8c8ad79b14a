/** Guards of the package: what it depends on, what it installs, where that comes from. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { EXPERIMENT_VERSION, manifestSchema, PROFILE_VERSION, RUN_VERSION } from "../formats/index.js";

interface Manifest {
  readonly version: string;
  readonly type: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly files: readonly string[];
  readonly engines: Readonly<Record<string, string>>;
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

const manifest = JSON.parse(readFileSync("package.json", "utf8")) as Manifest;
const lock = JSON.parse(readFileSync("package-lock.json", "utf8")) as {
  readonly packages: Readonly<Record<string, { readonly resolved?: string; readonly engines?: object }>>;
};

test("the package depends on these libraries and no others", () => {
  expect(Object.keys(manifest.dependencies)).toEqual([
    "@resvg/resvg-js",
    "bullmq",
    "cli-progress",
    "cli-table3",
    "d3",
    "eventsource-parser",
    "fast-csv",
    "fastest-levenshtein",
    "gpt-tokenizer",
    "hyparquet-writer",
    "ioredis",
    "jsdom",
    "koffi",
    "mathjs",
    "onnxruntime-node",
    "picocolors",
    "protobufjs",
    "seedrandom",
    "undici",
    "yaml",
    "yargs",
    "zod",
  ]);
});

test("it is an ES module with one command, which is compiled", () => {
  expect(manifest.type).toBe("module");
  expect(manifest.bin).toEqual({ servesim: "dist/cli/main.js" });
  expect(readFileSync("cli/main.ts", "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
});

test("it says the versions of Node that it is tried on, and that its most demanding library takes", () => {
  const versions = "^20.19.0 || ^22.13.0 || >=24.0.0";
  expect(manifest.engines).toEqual({ node: versions });
  expect(lock.packages[""]!.engines).toEqual({ node: versions });
  expect(lock.packages["node_modules/jsdom"]!.engines).toEqual({ node: versions });
  expect(readFileSync(".ci/nodes", "utf8")).toContain("versions=(20 22 24 26)");
  expect(readFileSync(".ci/run", "utf8")).toMatch(/^\.ci\/nodes 26( |$)/m);
  expect(readFileSync("README.md", "utf8")).toContain("Node 20.19, 22.13, 24 or later");
});

test("installing it runs no scripts, its own or those of its dependencies", () => {
  expect(readFileSync(".npmrc", "utf8").split("\n")).toContain("ignore-scripts=true");
  for (const hook of ["preinstall", "install", "postinstall", "prepare"])
    expect(manifest.scripts).not.toHaveProperty(hook);
});

test("the lock file names no registry, so that it works behind any mirror", () => {
  const hosts = Object.entries(lock.packages).filter(([, { resolved }]) => resolved !== undefined);
  expect(hosts).toEqual([]);
});

test("the files that the program reads at run time are packed", () => {
  for (const name of ["dist", "examples", "prompts.json"]) {
    expect(manifest.files).toContain(name);
    if (name !== "dist") expect(existsSync(name)).toBe(true);
  }
});

test("docs/files.md says the versions of files that are read", () => {
  const rows = [...readFileSync("docs/files.md", "utf8").matchAll(/^\| ([a-z ]+[a-z])[^|]*\| (\d+)\s*\| (\d+)/gm)];
  expect(rows.map(([, file, written, read]) => [file, Number(written), Number(read)])).toEqual(
    [
      ["profile", PROFILE_VERSION],
      ["experiment and validation", EXPERIMENT_VERSION],
      ["run folder", RUN_VERSION],
      ["experiment folder", manifestSchema.shape.version.value],
    ].map(([file, version]) => [file, version, version]),
  );
});

test("the changelog begins with the version of the package, and its day", () => {
  const [, version, day] = /^## (\S+) - (\d{4}-\d\d-\d\d)$/m.exec(readFileSync("CHANGELOG.md", "utf8"))!;
  expect(version).toBe(manifest.version);
  expect(Number.isNaN(Date.parse(day!))).toBe(false);
});

test("nothing that was built or measured is tracked by git", () => {
  if (!existsSync(".git")) {
    console.warn("SKIPPED: not a git checkout");
    return;
  }
  const tracked = execFileSync("git", ["ls-files", "dist", "node_modules", "results"], { encoding: "utf8" });
  expect(tracked).toBe("");
});
