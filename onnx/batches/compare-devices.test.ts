import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BackendError } from "../../formats/index.js";
import { listProviders } from "../providers/providers.js";
import { compareTokens, compareWithCpu } from "./compare-devices.js";

let cacheDir: string;
beforeAll(() => {
  cacheDir = mkdtempSync(join(tmpdir(), "servesim-devices-"));
});
afterAll(() => {
  rmSync(cacheDir, { recursive: true });
});

test("the CPU computes what the CPU does", async () => {
  expect(await compareWithCpu("cpu", { cacheDir })).toEqual({ tokens: 64, equalTokens: 64, rows: 4, equalRows: 4 });
});

test("tokens that differ are counted, and rows that hold one", () => {
  const got = [
    [1, 2, 9],
    [4, 5, 6],
  ];
  expect(compareTokens([[1, 2, 3], [4, 5, 6]], got)).toEqual({ tokens: 6, equalTokens: 5, rows: 2, equalRows: 1 }); // prettier-ignore
});

test("a GPU without its provider is rejected with what to do, never run on the CPU instead", async () => {
  const { missingCudaFiles } = await listProviders();
  if (missingCudaFiles.length === 0) return;
  const compared = compareWithCpu("cuda", { cacheDir });
  await expect(compared).rejects.toThrow(BackendError);
  await expect(compared).rejects.toThrow('"servesim setup cuda"');
});
