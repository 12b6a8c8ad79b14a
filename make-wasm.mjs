// npm run wasm [-- --check]: compiles sim/kernel/bulk-draws.as.ts and writes its WebAssembly as text into bulk-draws-binary.ts; --check
// says whether that is what is there. The compiler, a hundred megabytes, is no dependency: npx gets it.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const source = "sim/kernel/bulk-draws.as.ts";
const target = "sim/kernel/bulk-draws-binary.ts";
const compiler = "assemblyscript@0.28.20";
const options = ["-O3", "--runtime", "stub", "--noAssert", "--enable", "simd"];

const folder = mkdtempSync(join(tmpdir(), "servesim-wasm-"));
const file = join(folder, "bulk-draws.wasm");
execFileSync("npx", ["--yes", "--package", compiler, "asc", source, ...options, "-o", file], { stdio: "inherit" });
const binary = readFileSync(file).toString("base64");
rmSync(folder, { recursive: true });
const lines = binary.match(/.{1,110}/g).map((line) => `  "${line}"`);
const text = `/** bulk-draws.as.ts, compiled by \`npm run wasm\`, in base 64. */\nexport const binary =\n${lines.join(" +\n")};\n`;
if (!process.argv.includes("--check")) writeFileSync(target, text);
else if (readFileSync(target, "utf8") !== text) {
  console.error(`${target} is not what ${source} compiles to: run npm run wasm`);
  process.exitCode = 1;
}
