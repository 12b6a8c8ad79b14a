import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { BackendError } from "../../formats/index.js";
import { ensureModel } from "../models/model-cache.js";
import { tryBatch, type TriedBatch } from "./try-batch.js";

let folder: string;
let batch: TriedBatch;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "servesim try-"));
  const model = await ensureModel("tiny", { cacheDir: join(folder, "cache") });
  batch = { model, device: "cpu", threads: 1, rows: 2, promptTokens: 4, outputTokens: 2 };
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** A program in the place of the one that runs the batch. */
function program(code: string): { readonly programPath: string } {
  const programPath = join(folder, "program.mjs");
  writeFileSync(programPath, code);
  return { programPath };
}

test("a package in a folder with a space in its name tries batches as any other", () => {
  mkdirSync(join(folder, "with space"));
  cpSync("dist", join(folder, "with space", "dist"), { recursive: true });
  cpSync("package.json", join(folder, "with space", "package.json"));
  symlinkSync(resolve("node_modules"), join(folder, "with space", "node_modules"));
  const from = pathToFileURL(join(folder, "with space", "dist", "onnx", "batches", "try-batch.js")).href;
  const code = `import { tryBatch } from ${JSON.stringify(from)}; console.log(JSON.stringify(await tryBatch(${JSON.stringify(batch)})));`;
  const said = execFileSync(process.execPath, ["--input-type=module", "-e", code], { encoding: "utf8" });
  expect(JSON.parse(said)).toMatchObject({ fits: true });
});

test.each(["SIGKILL", "SIGABRT"])("a process that %s ended had too little memory", async (signal) => {
  const outcome = await tryBatch(batch, program(`process.kill(process.pid, "${signal}"); setInterval(() => {}, 1e3);`));
  expect(outcome).toEqual({ fits: false, why: `its process was ended: ${signal}` });
});

test.each([
  [
    "exit code 1",
    'console.error("Cannot find module"); process.exit(1);',
    /ended without an answer \(exit code 1\): Cannot find module/,
  ],
  [
    "a signal of the user's",
    'process.kill(process.pid, "SIGTERM"); setInterval(() => {}, 1e3);',
    /without an answer \(SIGTERM\)/,
  ],
  ["silence", "", /without an answer \(exit code 0\)/],
])("%s says nothing of memory and is an error", async (_, code, message) => {
  const tried = tryBatch(batch, program(code));
  await expect(tried).rejects.toThrow(BackendError);
  await expect(tried).rejects.toThrow(message);
});

test("the signal ends the process, which says nothing of memory either", async () => {
  const stop = new AbortController();
  const tried = tryBatch(batch, { ...program("setInterval(() => {}, 1e3);"), signal: stop.signal });
  stop.abort(new Error("stopped"));
  await expect(tried).rejects.toThrow("stopped");
});
