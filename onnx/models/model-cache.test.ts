import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ArtifactError, ConfigError } from "../../formats/index.js";
import { defaultCacheDir, ensureModel } from "./model-cache.js";

let cacheDir: string;
beforeEach(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), "servesim-model-"));
});
afterEach(() => rm(cacheDir, { recursive: true }));

const weights = (folder: string) => readFile(join(folder, "weights.bin"));

test("the same seed gives the same bytes of every file", async () => {
  const one = await ensureModel("tiny", { cacheDir: join(cacheDir, "a"), seed: 5 });
  const two = await ensureModel("tiny", { cacheDir: join(cacheDir, "b"), seed: 5 });
  const names = await readdir(one.folder);
  expect(names.toSorted()).toEqual([
    ...["decode-sampled.onnx", "decode.onnx", "forward.onnx", "manifest.json"],
    ...["prefill-sampled.onnx", "prefill.onnx"],
    ...["step-1-sampled.onnx", "step-1.onnx", "step-2-sampled.onnx", "step-2.onnx", "weights.bin"],
  ]);
  for (const name of names) {
    const [left, right] = [await readFile(join(one.folder, name)), await readFile(join(two.folder, name))];
    expect(left.equals(right)).toBe(true);
  }
});

test("another seed gives other weights in another folder", async () => {
  const one = await ensureModel("tiny", { cacheDir, seed: 1 });
  const two = await ensureModel("tiny", { cacheDir, seed: 2 });
  expect(one.folder).not.toBe(two.folder);
  expect((await weights(one.folder)).equals(await weights(two.folder))).toBe(false);
});

test("a model is built once and found again", async () => {
  let calls = 0;
  const onProgress = () => calls++;
  const one = await ensureModel("tiny", { cacheDir, onProgress });
  const builtCalls = calls;
  expect(builtCalls).toBeGreaterThan(0);
  expect(await ensureModel("tiny", { cacheDir, onProgress })).toEqual(one);
  expect(calls).toBe(builtCalls);
});

test("progress ends at the size of the weights file", async () => {
  let last = { writtenBytes: 0, totalBytes: -1 };
  const { folder, weightBytes } = await ensureModel("tiny", { cacheDir, onProgress: (progress) => (last = progress) });
  expect(last).toEqual({ writtenBytes: weightBytes, totalBytes: weightBytes });
  expect((await weights(folder)).byteLength).toBe(weightBytes);
});

test("two builds of one model at the same time both succeed and leave one folder", async () => {
  const [one, two] = await Promise.all([ensureModel("tiny", { cacheDir }), ensureModel("tiny", { cacheDir })]);
  expect(one).toEqual(two);
  expect(await readdir(cacheDir)).toHaveLength(1);
});

test("a build that is interrupted leaves nothing", async () => {
  const control = new AbortController();
  const build = ensureModel("tiny", { cacheDir, signal: control.signal, onProgress: () => { control.abort(); } }); // prettier-ignore
  await expect(build).rejects.toThrow(/abort/);
  expect(await readdir(cacheDir)).toEqual([]);
});

test("what a killed build left is removed by the next one", async () => {
  const { folder } = await ensureModel("tiny", { cacheDir });
  await rm(folder, { recursive: true });
  await mkdir(`${folder}.tmp-999999999-dead`);
  await ensureModel("tiny", { cacheDir });
  expect(await readdir(cacheDir)).toHaveLength(1);
});

describe("a damaged model in the cache is rejected with the folder to delete", () => {
  const damages: [string, (folder: string) => Promise<void>, string][] = [
    ["a changed graph of the same size", (folder) => flipByte(join(folder, "decode.onnx")), "sha256"],
    [
      "changed weights of the same size",
      (folder) => flipByte(join(folder, "weights.bin")),
      "weights.bin does not have the sha256",
    ],
    ["a truncated weights file", (folder) => writeFile(join(folder, "weights.bin"), "short"), "has 5 bytes"],
    ["a missing graph", (folder) => rm(join(folder, "prefill.onnx")), "prefill.onnx is missing"],
    ["a missing manifest", (folder) => rm(join(folder, "manifest.json")), "manifest.json cannot be read"],
    [
      "a manifest that is no JSON",
      (folder) => writeFile(join(folder, "manifest.json"), "{"),
      "not in the expected form",
    ],
  ];
  test.each(damages)("%s", async (_, damage, message) => {
    const { folder } = await ensureModel("tiny", { cacheDir });
    await damage(folder);
    const again = ensureModel("tiny", { cacheDir });
    await expect(again).rejects.toThrow(ArtifactError);
    await expect(again).rejects.toThrow(message);
    await expect(again).rejects.toThrow(`"${folder}"`);
    await expect(again).rejects.toThrow("delete this folder");
  });
});

test("weights changed within one tick of the file system's clock are noticed anyway", async () => {
  const { folder } = await ensureModel("tiny", { cacheDir });
  await flipByte(join(folder, "weights.bin"));
  const now = new Date();
  for (const name of ["weights.bin", "manifest.json"]) await utimes(join(folder, name), now, now);
  await expect(ensureModel("tiny", { cacheDir })).rejects.toThrow("weights.bin does not have the sha256");
});

test("weights that were copied are hashed once and then known", async () => {
  const { folder } = await ensureModel("tiny", { cacheDir });
  await utimes(join(folder, "manifest.json"), new Date(0), new Date(0));
  await ensureModel("tiny", { cacheDir });
  expect((await stat(join(folder, "manifest.json"))).mtimeMs).toBeGreaterThan(0);
});

test("a cache folder that is a file, or cannot be written, is the user's to fix", async () => {
  await writeFile(join(cacheDir, "file"), "");
  await expect(ensureModel("tiny", { cacheDir: join(cacheDir, "file") })).rejects.toThrow(ConfigError);
  await expect(ensureModel("tiny", { cacheDir: join(cacheDir, "file", "sub") })).rejects.toThrow(/SERVESIM_CACHE/);
  await mkdir(join(cacheDir, "locked"));
  await chmod(join(cacheDir, "locked"), 0o500);
  if (process.getuid?.() !== 0) {
    await expect(ensureModel("tiny", { cacheDir: join(cacheDir, "locked") })).rejects.toThrow(ConfigError);
  }
});

test("an unknown preset and an impossible shape are rejected by name", async () => {
  await expect(ensureModel("gpt5", { cacheDir })).rejects.toThrow(
    'unknown model "gpt5": expected one of tiny, mini, gpt2',
  );
  const shape = { layers: 1, width: 30, heads: 4, vocab: 100, positions: 16 };
  await expect(ensureModel(shape, { cacheDir })).rejects.toThrow("width 30 is not a multiple of heads 4");
  await expect(ensureModel({ ...shape, layers: 0 }, { cacheDir })).rejects.toThrow("layers is 0");
});

test("a custom shape is built under the name custom", async () => {
  const shape = { layers: 1, width: 16, heads: 4, vocab: 100, positions: 16 };
  const model = await ensureModel(shape, { cacheDir });
  expect(model).toMatchObject({ name: "custom", shape });
  // wte 1600, wpe 256, layer 12 d^2 + 13 d = 3280, ln_f 32
  expect(model.parameters).toBe(5168);
});

test("the cache is looked for in SERVESIM_CACHE, then XDG_CACHE_HOME, then the home folder", () => {
  expect(defaultCacheDir({ SERVESIM_CACHE: "/a", XDG_CACHE_HOME: "/b" })).toBe("/a");
  expect(defaultCacheDir({ SERVESIM_CACHE: "", XDG_CACHE_HOME: "/b" })).toBe("/b/servesim");
  expect(defaultCacheDir({})).toMatch(/\.cache\/servesim$/);
});

async function flipByte(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes[bytes.length >> 1]! ^= 1;
  await writeFile(path, bytes);
}
