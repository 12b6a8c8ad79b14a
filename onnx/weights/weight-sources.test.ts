import { mkdtemp, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ArtifactError } from "../../formats/index.js";
import { startOnnxExecutor } from "../batches/executor.js";
import { decoderOf } from "../graphs/decoders.js";
import { ensureModel, type ModelFiles } from "../models/index.js";
import { toHalf } from "../protobuf/half.js";
import { parseModelSpec } from "../spec/model-spec.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "servesim-weights-"));
});
afterAll(() => rm(folder, { recursive: true }));

interface Given {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: Buffer;
}

const encoders: Record<string, (values: Float32Array) => Buffer> = {
  F32: (values) => Buffer.from(values.buffer.slice(0)),
  F16: (values) => Buffer.from(Uint16Array.from(values, toHalf).buffer),
  BF16: (values) => Buffer.from(Uint16Array.from(new Uint32Array(values.buffer.slice(0)), (bits) => bits >>> 16).buffer), // prettier-ignore
};

/** Writes a .safetensors file, tensors in the given order. */
async function write(name: string, tensors: Readonly<Record<string, Given>>): Promise<string> {
  let end = 0;
  const header: Record<string, unknown> = { __metadata__: { format: "pt" } };
  for (const [tensor, { dtype, shape, bytes }] of Object.entries(tensors)) {
    header[tensor] = { dtype, shape, data_offsets: [end, (end += bytes.byteLength)] };
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.byteLength));
  const path = join(folder, name);
  await writeFile(path, Buffer.concat([length, text, ...Object.values(tensors).map(({ bytes }) => bytes)]));
  return path;
}

/** The weights of a noise model under the names of a checkpoint. */
async function checkpointOf(
  model: ModelFiles,
  dtype = "F32",
  rename = (name: string) => name,
): Promise<Record<string, Given>> {
  const file = await readFile(join(model.folder, "weights.bin"));
  const named = decoderOf(model).weights.filter(({ checkpointNames }) => checkpointNames.length > 0);
  const entries = named.map(({ checkpointNames, dims, elements, offsetBytes }) => {
    const values = Float32Array.from({ length: elements }, (_, i) => file.readFloatLE(offsetBytes + 4 * i));
    return [rename(checkpointNames[0]!), { dtype, shape: dims, bytes: encoders[dtype]!(values) }] as const;
  });
  return Object.fromEntries(entries.toReversed());
}

function without(tensors: Readonly<Record<string, Given>>, name: string): Record<string, Given> {
  return Object.fromEntries(Object.entries(tensors).filter(([tensor]) => tensor !== name));
}

const noise = (name: string) => ensureModel(name, { cacheDir: folder, seed: 7 });

test.each([
  ["tiny", "h.0.attn.c_attn.weight", (name: string) => name],
  ["tiny", "transformer.h.0.attn.c_attn.weight", (name: string) => `transformer.${name}`],
  ["llama-tiny", "model.layers.0.self_attn.q_proj.weight", (name: string) => name],
  ["llama-tiny", "layers.1.mlp.down_proj.weight", (name: string) => name.replace("model.", "")],
])("%s reads a checkpoint with %s and is then the model it was written from", async (name, tensor, rename) => {
  const model = await noise(name);
  const tensors = await checkpointOf(model, "F32", rename);
  expect(Object.keys(tensors)).toContain(tensor);
  const weightsPath = await write(`${tensor}.safetensors`, tensors);
  const read = await ensureModel(name, { cacheDir: folder, weightsPath });
  expect(read.weightsPath).toBe(weightsPath);
  const [from, to] = [model, read].map((files) => readFile(join(files.folder, "weights.bin")));
  expect((await from)!.equals((await to)!)).toBe(true);
});

test("GPT-2 and Llama tensors have the names and shapes of published checkpoints", () => {
  const shapes = (name: string, start: string) =>
    decoderOf(parseModelSpec(name))
      .weights.filter(({ checkpointNames: [first] }) => first?.startsWith(start))
      .map(({ checkpointNames, dims }) => [checkpointNames[0]!.slice(start.length), ...dims]);
  expect(shapes("gpt2", "w")).toEqual([["te.weight", 50257, 768], ["pe.weight", 1024, 768]]); // prettier-ignore
  expect(shapes("gpt2", "ln_f.")).toEqual([["weight", 768], ["bias", 768]]); // prettier-ignore
  expect(shapes("gpt2", "h.11.")).toEqual([
    ["ln_1.weight", 768],
    ["ln_1.bias", 768],
    ["attn.c_attn.weight", 768, 2304],
    ["attn.c_attn.bias", 2304],
    ["attn.c_proj.weight", 768, 768],
    ["attn.c_proj.bias", 768],
    ["ln_2.weight", 768],
    ["ln_2.bias", 768],
    ["mlp.c_fc.weight", 768, 3072],
    ["mlp.c_fc.bias", 3072],
    ["mlp.c_proj.weight", 3072, 768],
    ["mlp.c_proj.bias", 768],
  ]);
  expect(shapes("tinyllama-1.1b", "model.layers.21.")).toEqual([
    ["input_layernorm.weight", 2048],
    ["self_attn.q_proj.weight", 2048, 2048],
    ["self_attn.k_proj.weight", 256, 2048],
    ["self_attn.v_proj.weight", 256, 2048],
    ["self_attn.o_proj.weight", 2048, 2048],
    ["post_attention_layernorm.weight", 2048],
    ["mlp.gate_proj.weight", 5632, 2048],
    ["mlp.up_proj.weight", 5632, 2048],
    ["mlp.down_proj.weight", 2048, 5632],
  ]);
  expect(shapes("tinyllama-1.1b", "lm_head.")).toEqual([["weight", 32000, 2048]]);
  expect(shapes("tinyllama-1.1b", "model.norm.")).toEqual([["weight", 2048]]);
  expect(shapes("tinyllama-1.1b", "model.embed_tokens.")).toEqual([["weight", 32000, 2048]]);
});

test("halves and bfloat16 are widened, and narrowed again for an fp16 model", async () => {
  const model = await noise("tiny");
  for (const dtype of ["F16", "BF16"]) {
    const weightsPath = await write(`${dtype}.safetensors`, await checkpointOf(model, dtype));
    const { folder: built } = await ensureModel("tiny", { cacheDir: folder, weightsPath });
    const [exact, rounded] = await Promise.all(
      [model.folder, built].map((path) => readFile(join(path, "weights.bin"))),
    );
    const share = dtype === "F16" ? 2 ** -11 : 2 ** -7;
    for (let at = 0; at < 4 * 512; at += 4) {
      const value = exact!.readFloatLE(at);
      expect(Math.abs(rounded!.readFloatLE(at) - value)).toBeLessThanOrEqual(Math.abs(value) * share + 2 ** -24);
    }
    const half = await ensureModel("tiny", { cacheDir: folder, weightsPath, precision: "fp16" });
    const halves = await readFile(join(half.folder, "weights.bin"));
    expect(halves.readUInt16LE(0)).toBe(toHalf(rounded!.readFloatLE(0)));
  }
});

test("a Llama checkpoint without lm_head ties it to the embedding, and runs", async () => {
  const tensors = await checkpointOf(await noise("llama-tiny"));
  const weightsPath = await write("tied.safetensors", without(tensors, "lm_head.weight"));
  const model = await ensureModel("llama-tiny", { cacheDir: folder, weightsPath });
  const executor = await startOnnxExecutor({ model, device: "cpu", threads: 1 });
  expect((await executor.runBatch({ promptIds: [[3, 1, 4]], outputTokens: 5 })).tokens[0]).toHaveLength(5);
  await executor.close();
});

test("a checkpoint that was written anew is not taken for the old one", async () => {
  const tensors = await checkpointOf(await noise("tiny"));
  const weightsPath = await write("again.safetensors", tensors);
  const before = await ensureModel("tiny", { cacheDir: folder, weightsPath });
  await utimes(weightsPath, 0, 0);
  expect((await ensureModel("tiny", { cacheDir: folder, weightsPath })).folder).not.toBe(before.folder);
});

test("one message names every tensor that is missing, misshapen or of another type", async () => {
  const tensors = without(await checkpointOf(await noise("tiny")), "ln_f.bias");
  tensors["wpe.weight"] = { ...tensors["wpe.weight"]!, shape: [32, 128] };
  tensors["ln_f.weight"] = { dtype: "I8", shape: [32], bytes: Buffer.alloc(32) };
  const read = ensureModel("tiny", { cacheDir: folder, weightsPath: await write("wrong.safetensors", tensors) });
  await expect(read).rejects.toThrow(ArtifactError);
  await expect(read).rejects.toThrow(
    '"wpe.weight" is [32, 128], expected [128, 32]; "ln_f.weight" is of type I8, expected one of F32, F16, BF16; "ln_f.bias" is missing',
  );
});

test("weights of another model are rejected with the first tensors and how many more", async () => {
  const weightsPath = await write("llama.safetensors", await checkpointOf(await noise("llama-tiny")));
  const read = ensureModel("tiny", { cacheDir: folder, weightsPath });
  await expect(read).rejects.toThrow(/do not fit model "tiny": "wte\.weight" is missing; .*, and 20 more; choose/);
});

describe("what is no sound .safetensors file is rejected", () => {
  const header = (text: string, length = text.length) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt(length));
    return Buffer.concat([bytes, Buffer.from(text)]);
  };
  test.each([
    ["empty", Buffer.alloc(0), "it has 0 bytes"],
    ["text", Buffer.from("these are not weights"), "promise a header of"],
    ["no JSON", header("{ no"), "its header is not JSON"],
    ["a list", header("[1]"), "its header is not a JSON object"],
    ["no offsets", header('{"a": {"dtype": "F32", "shape": [1]}}'), 'tensor "a" has no dtype, shape and data_offsets'],
    ["cut", header('{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}'), "ends at byte 4 of 0"],
    ["a wrong size", Buffer.concat([header('{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}}'), Buffer.alloc(4)]), "takes 4 bytes, expected 8 for F32 [2]"], // prettier-ignore
  ])("%s", async (name, bytes, message) => {
    const weightsPath = join(folder, `${name}.safetensors`);
    await writeFile(weightsPath, bytes);
    const read = ensureModel("tiny", { cacheDir: folder, weightsPath });
    await expect(read).rejects.toThrow(ArtifactError);
    await expect(read).rejects.toThrow(message);
  });
  test("a path where nothing is", async () => {
    const read = ensureModel("tiny", { cacheDir: folder, weightsPath: join(folder, "none.safetensors") });
    await expect(read).rejects.toThrow(/cannot read weights .*none\.safetensors/);
  });
});
