import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeRun } from "../../formats/files/index.js";
import { smallRun } from "../../test/support/small-run.js";
import { readRecordings } from "./read-recordings.js";

const request = { requestId: "0", arrivalNs: 0, promptTokens: 8, outputTokens: 2, status: "ok" } as const;
const run = smallRun([request]);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "servesim-read-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const namesIn = async (...folders: string[]): Promise<string[]> =>
  (await readRecordings(folders.map((name) => join(folder, name)))).map(({ name }) => name);

test("a folder of runs stands for all of them, however deep, in order; a run for itself", async () => {
  for (const path of ["host/model/b", "host/model/a", "host/c"]) {
    mkdirSync(join(folder, path), { recursive: true });
    await writeRun(join(folder, path), run, { force: true });
  }
  writeFileSync(join(folder, "host", "notes.txt"), "not a run");
  mkdirSync(join(folder, "host", "plots"));
  expect(await namesIn("host")).toEqual(["host/c", "model/a", "model/b"]);
  expect(await namesIn("host/c", "host/model/a")).toEqual(["host/c", "model/a"]);
});

test("steps are there where they were logged", async () => {
  await writeRun(join(folder, "plain"), run);
  const [plain] = await readRecordings([join(folder, "plain")]);
  expect([plain!.steps, plain!.run.requests]).toEqual([undefined, run.requests]);
});

test("what holds no run of vLLM is named", async () => {
  mkdirSync(join(folder, "empty", "inner"), { recursive: true });
  writeFileSync(join(folder, "file"), "");
  const batches = smallRun([request], { engine: { name: "onnxruntime", settings: {} } });
  await writeRun(join(folder, "batches"), batches);
  await expect(namesIn("empty")).rejects.toThrow(/empty: no run in it, expected run\.json and requests\.csv/);
  await expect(namesIn("absent")).rejects.toThrow(/absent: not a folder that can be read/);
  await expect(namesIn("file")).rejects.toThrow(/file: not a folder that can be read/);
  await expect(namesIn("batches")).rejects.toThrow(/run\.json: engine "onnxruntime", expected a run of vllm/);
});
