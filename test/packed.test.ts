/** servesim as others install it: packed, unpacked into an empty project, run as a command and imported as a library. */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

interface Manifest {
  readonly version: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

const manifest = JSON.parse(readFileSync("package.json", "utf8")) as Manifest;
const [, program = "", printed = ""] = /```ts\n(.*?)```.*?```\n(.*?)```/s.exec(
  readFileSync("docs/library.md", "utf8"),
)!;

let project: string;

/** Dependencies are those that are installed here: nothing is fetched. */
beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), "servesim-packed-"));
  const said = execFileSync("npm", ["pack", "--json", "--pack-destination", project], { encoding: "utf8" });
  const [{ filename }] = JSON.parse(said) as [{ filename: string }];
  execFileSync("tar", ["-xzf", filename], { cwd: project });
  const modules = join(project, "node_modules");
  mkdirSync(join(modules, ".bin"), { recursive: true });
  renameSync(join(project, "package"), join(modules, "servesim"));
  for (const name of Object.keys(manifest.dependencies)) {
    const link = join(modules, name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(resolve("node_modules", name), link);
  }
  // As npm does with the commands of a package.
  const main = join(modules, "servesim", manifest.bin.servesim!);
  chmodSync(main, 0o755);
  symlinkSync(main, join(modules, ".bin", "servesim"));
  writeFileSync(join(project, "package.json"), '{ "name": "project", "private": true, "type": "module" }');
});

afterAll(() => {
  rmSync(project, { recursive: true, force: true });
});

const run = (command: string, ...words: string[]): string =>
  execFileSync(command, words, { cwd: project, encoding: "utf8", env: { ...process.env, npm_config_offline: "true" } });

test("the command runs", () => {
  expect(run("npx", "servesim", "--version").trim()).toBe(manifest.version);
  expect(run("npx", "servesim", "profiles", "list")).toContain("h100-llama-3.1-8b-vllm-0.26");
});

test("the program of docs/library.md runs, prints what is there, and is rightly typed", () => {
  expect(program.split("\n").length).toBeGreaterThan(9);
  writeFileSync(join(project, "program.js"), program);
  expect(run("node", "program.js")).toBe(printed);
  writeFileSync(join(project, "program.ts"), program);
  const options = ["--strict", "--noEmit", "--module", "nodenext", "--target", "es2022", "--types", "node"];
  const types = ["--typeRoots", resolve("node_modules/@types")];
  run("node", resolve("node_modules/typescript/bin/tsc"), ...options, ...types, "program.ts");
});

test("the simulator is an entry of its own, and nothing else is open", () => {
  const imports = (what: string): string =>
    run("node", "--input-type=module", "-e", `import("${what}").then((m) => console.log(Object.keys(m).sort().join()), (e) => console.log(e.code))`); // prettier-ignore
  expect(imports("servesim/sim").trim()).toBe(
    "ArtifactError,BackendError,ConfigError,InvariantError,checkProfile,policyNames,simulate",
  );
  expect(imports("servesim/dist/sim/index.js").trim()).toBe("ERR_PACKAGE_PATH_NOT_EXPORTED");
});

test("what is packed is no larger than what it is for: no benchmarks, maps or build state", () => {
  const files = run("find", "node_modules/servesim/dist", "-type", "f").split("\n");
  expect(files.filter((file) => /dist\/bench|\.map$|\.tsbuildinfo$|\.test\.|\.conformance\./.test(file))).toEqual([]);
});
