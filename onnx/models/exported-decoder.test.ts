import { mkdtemp, rm, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import seedrandom from "seedrandom";
import { ArtifactError, ConfigError } from "../../formats/index.js";
import { startOnnxExecutor, startUncachedExecutor, type OnnxExecutor } from "../batches/executor.js";
import { decoderOf, withWeights } from "../graphs/decoders.js";
import { cacheInfo } from "../graphs/graph-io.js";
import { attribute, DataType, encodeModel, tensorInfo, type Graph } from "../protobuf/onnx-proto.js";
import { ensureModel } from "./model-cache.js";
import type { ModelFiles } from "./model-files.js";

let cacheDir: string;
const open: OnnxExecutor[] = [];
beforeAll(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), "servesim-export-"));
});
afterAll(async () => {
  await Promise.all(open.map((executor) => executor.close()));
  await rm(cacheDir, { recursive: true });
});

/** A decoder as Optimum exports it; without position_ids the positions are counted from the mask. */
function exportGraph(model: ModelFiles, takesPositions: boolean): Graph {
  const decoder = decoderOf(model);
  const g = withWeights(decoder, model);
  const axis = (index: number) => attribute.int("axis", index);
  const sizeOf = (value: string, at: number) => g.op("Shape", [value], attribute.int("start", at), attribute.int("end", at + 1)); // prettier-ignore
  const [fresh, context] = [sizeOf("input_ids", 1), sizeOf("attention_mask", 1)];
  const index = g.op("Range", [g.ints(0), g.op("Squeeze", [context]), g.ints(1)]);
  const query = g.op("Slice", [index, g.op("Sub", [context, fresh]), context, g.ints([0])]);
  const causal = g.op("LessOrEqual", [index, g.op("Unsqueeze", [query, g.ints([1])])]);
  const visible = g.op("Unsqueeze", [g.op("Greater", ["attention_mask", g.ints(0)]), g.ints([1, 2])]);
  const counted = g.op("Max", [g.op("Sub", [g.op("CumSum", ["attention_mask", g.ints(1)]), g.ints(1)]), g.ints(0)]);
  const positions = takesPositions ? "position_ids" : g.op("Gather", [counted, query], axis(1));
  const pastNames = decoder.cache.map((_, at) => `past_key_values.${at >> 1}.${at % 2 ? "value" : "key"}`);
  const { hidden, cache } = decoder.run(g, {
    tokenIds: g.op("Reshape", ["input_ids", g.ints([-1])]),
    positions: g.op("Reshape", [positions, g.ints([-1])]),
    queryTokens: fresh,
    mask: g.op("Where", [g.op("And", [causal, visible]), g.real(0), g.real(-6e4)]),
    past: pastNames,
  });
  const presentNames = pastNames.map((name) => name.replace("past_key_values", "present"));
  for (const [at, name] of presentNames.entries()) g.output(cache[at]!, name);
  const { vocab } = model.shape;
  const rows = g.op("Concat", [g.ints([-1]), fresh, g.ints([vocab])], axis(0));
  g.output(g.op("Reshape", [decoder.logits(g, hidden), rows]), "logits");
  const renamed = (names: string[]) => decoder.cache.map((part, at) => ({ ...part, name: names[at]! }));
  const ids = (name: string, dims: string[]) => tensorInfo(name, DataType.int64, dims);
  return g.graph(
    "main_graph",
    [
      ids("input_ids", ["batch_size", "sequence_length"]),
      ids("attention_mask", ["batch_size", "total_length"]),
      ...(takesPositions ? [ids("position_ids", ["batch_size", "sequence_length"])] : []),
      ...cacheInfo(renamed(pastNames), g.realType, undefined, true),
    ],
    [
      tensorInfo("logits", g.realType, ["batch_size", "sequence_length", vocab]),
      ...cacheInfo(renamed(presentNames), g.realType, undefined, true),
    ],
  );
}

async function exportOf(name: string, takesPositions = true): Promise<{ plain: ModelFiles; path: string }> {
  const plain = await ensureModel(name, { cacheDir });
  const path = join(plain.folder, takesPositions ? "model.onnx" : "model-no-positions.onnx");
  await writeFile(path, encodeModel(exportGraph(plain, takesPositions)));
  await writeFile(join(plain.folder, "config.json"), JSON.stringify({ n_positions: 128, n_head: plain.shape.heads }));
  return { plain, path };
}

const random = seedrandom.alea("exported-decoder.test");
const prompt = (tokens: number) => Array.from({ length: tokens }, () => Math.floor(random.quick() * 512));

describe("an export in Optimum's layout, run step by step, gives the plain pass's tokens", () => {
  test.each([
    ["tiny", true],
    ["tiny", false],
    ["llama-tiny", true],
    ["tiny+fp16", true],
  ])("%s, position_ids: %s", async (name, takesPositions) => {
    const { plain, path } = await exportOf(name, takesPositions);
    const model = await ensureModel(path);
    expect(model.shape).toMatchObject({ layers: 2, width: 32, vocab: 512, positions: 128, heads: plain.shape.heads });
    expect(model).toMatchObject({ name: path, kvBytesPerToken: plain.kvBytesPerToken, precision: plain.precision });
    const steps = await startOnnxExecutor({ model, device: "cpu", threads: 1, sampling: true });
    const uncached = await startUncachedExecutor({ model: plain, device: "cpu", threads: 1, sampling: true });
    open.push(steps, uncached);
    for (const promptIds of [[prompt(5)], [prompt(1), prompt(20), prompt(9)], [prompt(3), prompt(3)]]) {
      const sampling = { temperature: 0.1, topK: 8, seeds: promptIds.map((_, row) => `${row}`) };
      for (const batch of [
        { promptIds, outputTokens: 9 },
        { promptIds, outputTokens: 4, sampling },
      ]) {
        expect((await steps.runBatch(batch)).tokens).toEqual((await uncached.runBatch(batch)).tokens);
      }
    }
  });
});

test("a run says how many bytes of keys and values moved and what that costs", async () => {
  const { path } = await exportOf("tiny");
  const executor = await startOnnxExecutor({ model: await ensureModel(path), device: "cpu", threads: 1 });
  open.push(executor);
  const { cacheCopies } = await executor.runBatch({ promptIds: [prompt(10), prompt(4)], outputTokens: 3 });
  // Out after the prompt 10, then in 10 and out 11, in 11 and out 12 tokens of 2 rows, 512 bytes each.
  expect(cacheCopies!.bytes).toBe((10 + 10 + 11 + 11 + 12) * 2 * 512);
  expect(cacheCopies!.costNs).toBeGreaterThan(0);
});

describe("an export that cannot run is rejected", () => {
  async function rejection(name: string, graph: Graph): Promise<unknown> {
    const path = join(cacheDir, name);
    await writeFile(path, encodeModel(graph));
    return ensureModel(path).catch((error: unknown) => error);
  }

  test("for every input and output it lacks, and those that are foreign, in one message", async () => {
    const graph = exportGraph(await ensureModel("tiny", { cacheDir }), true);
    const input = graph.input.filter(({ name }) => name !== "attention_mask" && !name.startsWith("past_key_values.1"));
    const output = graph.output.filter(({ name }) => name !== "present.0.value");
    const foreign = tensorInfo("use_cache_branch", DataType.bool, [1]);
    const error = await rejection("lacking.onnx", { ...graph, input: [...input, foreign], output });
    expect(error).toBeInstanceOf(ArtifactError);
    expect(String(error)).toContain(
      "inputs missing: attention_mask, past_key_values.1.key, past_key_values.1.value; " +
        "outputs missing: present.0.value; inputs that are not known: use_cache_branch; export it with optimum-cli",
    );
  });

  test("when a name is of a layer that cannot be there, at once", async () => {
    const graph = exportGraph(await ensureModel("tiny", { cacheDir }), true);
    for (const number of ["999999999", "9".repeat(400), "99"]) {
      const far = tensorInfo(`past_key_values.${number}.key`, DataType.float, [1]);
      const error = await rejection("far.onnx", { ...graph, input: [...graph.input, far] });
      expect(error).toBeInstanceOf(ArtifactError);
      expect(String(error)).toMatch(/"past_key_values\.9+.* is of a layer beyond the model's 13 inputs and outputs/);
    }
  });

  test("when it has no cache at all", async () => {
    const graph = exportGraph(await ensureModel("tiny", { cacheDir }), true);
    const without = (values: Graph["input"]) => values.filter(({ name }) => !/past|present/.test(name));
    const error = await rejection("no-cache.onnx", {
      ...graph,
      input: without(graph.input),
      output: without(graph.output),
    });
    expect(String(error)).toContain(
      "inputs missing: past_key_values.0.key, past_key_values.0.value; outputs missing: present.0",
    );
  });

  test("without a config.json that tells its positions", async () => {
    const { plain, path } = await exportOf("tiny");
    await unlink(join(plain.folder, "config.json"));
    await expect(ensureModel(path)).rejects.toThrow(
      /positions not known.*put the export's config\.json beside the model/,
    );
  });

  test("with a form or weights that it cannot take", async () => {
    const { path } = await exportOf("tiny");
    await expect(ensureModel(path, { precision: "fp16", weightsPath: "x" })).rejects.toThrow(ConfigError);
    await expect(ensureModel(path, { fused: true })).rejects.toThrow("leave out fused");
  });

  test("when asked for its plain graph", async () => {
    const { path } = await exportOf("tiny");
    const start = startUncachedExecutor({ model: await ensureModel(path), device: "cpu" });
    await expect(start).rejects.toThrow("it has no plain graph");
  });
});
