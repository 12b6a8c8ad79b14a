import { appendFileSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BackendError } from "../../formats/index.js";
import { checkProvider, missingLibraries, remediesFor } from "./check-provider.js";
import { listProviders } from "./providers.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "servesim-provider-check-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const path = () => join(folder, "libonnxruntime_providers_cuda.so");

test("a library of another version, or cut short, is rejected before it is loaded", async () => {
  writeFileSync(path(), "ELF 1.28.0\0");
  const checked = checkProvider(path(), "1.29.0");
  await expect(checked).rejects.toThrow(BackendError);
  await expect(checked).rejects.toThrow(/damaged or not of ONNX Runtime 1\.29\.0.*"servesim setup cuda --force"/);
});

test("a file that only claims the version is rejected", async () => {
  writeFileSync(path(), "no library 1.29.0\0");
  await expect(checkProvider(path(), "1.29.0")).rejects.toThrow("is not a library that the loader accepts");
});

test("libraries that the loader does not find are named", async () => {
  // The binding alone, without the runtime that it needs beside it.
  const { bindingFolder } = await listProviders();
  copyFileSync(join(bindingFolder, "onnxruntime_binding.node"), path());
  appendFileSync(path(), "1.29.0\0");
  await expect(checkProvider(path(), "1.29.0")).rejects.toThrow(/does not find libonnxruntime\.so\.1, which .* needs/);
});

test("what ldd lists as found is not missing", () => {
  const listed = "\tlibcudart.so.13 => not found\n\tlibm.so.6 => /lib/libm.so.6 (0x7f)\n\tlibcuda.so.1 => not found\n";
  expect(missingLibraries(listed)).toEqual(["libcudart.so.13", "libcuda.so.1"]);
});

test("each missing library comes with its own remedy: driver, CUDA, cuDNN", () => {
  expect(remediesFor(["libcuda.so.1"])).toEqual([
    "install NVIDIA's driver, which brings libcuda.so.1 (a container has it only with --gpus)",
  ]);
  const [driver, cudnn, cuda] = remediesFor(["libcublas.so.13", "libcudnn.so.9", "libcuda.so.1"]);
  expect(driver).toMatch("driver");
  expect(cudnn).toBe("install cuDNN 9 and put its folder on LD_LIBRARY_PATH");
  expect(cuda).toBe("install CUDA 13 and put its folder on LD_LIBRARY_PATH");
});
