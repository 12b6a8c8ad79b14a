// npm run wasm [-- --check]: compiles the AssemblyScript of sim/ and writes its WebAssembly as text into *-binary.ts; --check says whether
// that is what is there. The compiler, a hundred megabytes, is no dependency: npx gets it.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

const programs = [
  { source: "sim/kernel/bulk-draws.as.ts", target: "sim/kernel/bulk-draws-binary.ts" },
  { source: "sim/engine/flat/as/engine.as.ts", target: "sim/engine/flat/engine-binary.ts" },
];
const compiler = "assemblyscript@0.28.20";
// With the names of functions, for profiles and stack traces.
const options = ["-O3", "--debug", "--runtime", "stub", "--noAssert", "--enable", "simd"];

const folder = mkdtempSync(join(tmpdir(), "servesim-wasm-"));
for (const { source, target } of programs) {
  const file = join(folder, "program.wasm");
  execFileSync("npx", ["--yes", "--package", compiler, "asc", source, ...options, "-o", file], { stdio: "inherit" });
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
