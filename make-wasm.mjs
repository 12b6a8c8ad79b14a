// npm run wasm [-- --check]: compiles the AssemblyScript of sim/ (*.as.ts, and the TypeScript that is written for both compilers) and
// writes its WebAssembly as text into *-binary.ts; --check says whether that is what is there. The compiler, a hundred megabytes, is
// no dependency: npx gets it.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";

const programs = [
  { source: "sim/kernel/bulk-draws.as.ts", target: "sim/kernel/bulk-draws-binary.ts" },
  { source: "sim/engine/flat/as/engine.as.ts", target: "sim/engine/flat/engine-binary.ts" },
];
const compiler = "assemblyscript@0.28.20";
// With the names of functions, for profiles and stack traces.
const options = [
  "-O3",
  "--debug",
  "--runtime",
  "stub",
  "--noAssert",
  "--uncheckedBehavior",
  "always",
  "--use",
  "abort=",
];
// "Expression is never null": TypeScript checks places in lists, AssemblyScript has no need to.
const enabled = ["--enable", "simd", "--disableWarning", "210"];

const folder = mkdtempSync(join(tmpdir(), "servesim-wasm-"));
// AssemblyScript knows no imports of types, no endings of files, and i32 by itself.
const isForBoth = (path) => path.startsWith("policy/vllm/scheduler/") && path.endsWith(".ts");
const sources = readdirSync("sim", { recursive: true }).filter((path) => path.endsWith(".as.ts") || isForBoth(path));
for (const source of sources.map((path) => join("sim", path))) {
  const text = readFileSync(source, "utf8")
    .replaceAll(/^import type .*numbers\.js";\n/gm, "")
    .replaceAll(/^import type /gm, "import ")
    .replaceAll(/([{,] )type (?=\w+ ?[,}])/g, "$1")
    .replaceAll(/^( *override) /gm, "")
    .replaceAll(/(from ".*)\.js";/g, '$1";');
  mkdirSync(dirname(join(folder, source)), { recursive: true });
  writeFileSync(join(folder, source), text);
}
for (const { source, target } of programs) {
  const file = join(folder, "program.wasm");
  execFileSync("npx", ["--yes", "--package", compiler, "asc", source, ...options, ...enabled, "-o", file], {
    cwd: folder,
    stdio: "inherit",
  });
  const binary = readFileSync(file).toString("base64");
  const lines = binary.match(/.{1,110}/g).map((line) => `  "${line}"`);
  const of = `/** ${basename(source)}, compiled by \`npm run wasm\`, in base 64. */\n`;
  const text = `${of}export const binary =\n${lines.join(" +\n")};\n`;
  if (!process.argv.includes("--check")) writeFileSync(target, text);
  else if (readFileSync(target, "utf8") !== text) {
    console.error(`${target} is not what ${source} compiles to: run npm run wasm`);
    process.exitCode = 1;
  }
}
rmSync(folder, { recursive: true });
