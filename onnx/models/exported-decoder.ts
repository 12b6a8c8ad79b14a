/**
 * A user's own decoder export with past and present keys and values, in the layout that Optimum writes:
 * input_ids, attention_mask, position_ids (optional), past_key_values.N.key/value -> logits, present.N.key/value.
 * Sizes that the graph leaves open are read from the config.json beside it or one folder up.
 */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { requireRegular } from "../../formats/files/index.js";
import { ArtifactError } from "../../formats/index.js";
import type { CacheTensor } from "../graphs/index.js";
import { inspectOnnxFile, DataType, type OnnxFileInfo } from "../protobuf/index.js";
import { precisionBytes, type Precision } from "../spec/index.js";
import type { ModelFiles } from "./model-files.js";

const count = z.int().positive().optional();
const configSchema = z.looseObject({
  ...{ max_position_embeddings: count, n_positions: count, n_ctx: count },
  ...{ num_attention_heads: count, n_head: count, hidden_size: count, n_embd: count, vocab_size: count },
});
type Config = z.infer<typeof configSchema>;

/** True for a name that is the path of an export. */
export function isExportPath(model: unknown): model is string {
  return typeof model === "string" && model.endsWith(".onnx");
}

/**
 * Reads the export's layout. Throws ArtifactError that names every input, output or size that is missing or foreign.
 */
export async function openExportedDecoder(path: string): Promise<ModelFiles> {
  const file = await inspectOnnxFile(path);
  checkNames(path, file);
  const config = await readConfig(path);
  const layers = layersOf(path, file);
  const key = file.inputs.get("past_key_values.0.key")!;
  const [, kvHeads, , headWidth] = key.dims;
  const vocab = file.outputs.get("logits")!.dims[2] ?? config.vocab_size;
  const positions = config.max_position_embeddings ?? config.n_positions ?? config.n_ctx;
  if (!kvHeads || !headWidth || !vocab || !positions) {
    const sizes = { "key heads": kvHeads, "head width": headWidth, vocabulary: vocab, positions };
    const open = Object.entries(sizes).filter(([, size]) => !size);
    throw new ArtifactError(
      `model "${path}": ${open.map(([name]) => name).join(" and ")} not known, expected fixed sizes in the graph and ` +
        `max_position_embeddings (or n_positions) and vocab_size in config.json, put the export's config.json beside the model`,
    );
  }
  const heads = config.num_attention_heads ?? config.n_head ?? kvHeads;
  const width = config.hidden_size ?? config.n_embd ?? heads * headWidth;
  const precision = precisionOf(path, "past_key_values.0.key", key.elemType);
  const dims = ["B", kvHeads, "P", headWidth] as const;
  const cache = (prefix: string): CacheTensor[] => cacheNames(prefix, layers).map((name) => ({ name, dims }));
  const floats = (type: number) => file.weightElements.get(type) ?? 0;
  return {
    name: path,
    shape: { layers, width, heads, vocab, positions },
    precision,
    fused: false,
    seed: 0,
    parameters: floats(DataType.float) + floats(DataType.float16),
    weightBytes: floats(DataType.float) * precisionBytes.fp32 + floats(DataType.float16) * precisionBytes.fp16,
    kvBytesPerToken: 2 * layers * kvHeads * headWidth * precisionBytes[precision],
    cache: cache("past_key_values"),
    folder: dirname(path),
    ...{
      prefillPath: path,
      decodePath: path,
      sampledPrefillPath: path,
      sampledDecodePath: path,
      forwardPath: path,
      stepPaths: [],
    },
    exported: {
      takesPositions: file.inputs.has("position_ids"),
      past: cache("past_key_values"),
      present: cache("present"),
      logitsPrecision: precisionOf(path, "logits", file.outputs.get("logits")!.elemType),
    },
  };
}

function cacheNames(prefix: string, layers: number): string[] {
  const parts = ["key", "value"];
  return Array.from({ length: layers }, (_, layer) => parts.map((part) => `${prefix}.${layer}.${part}`)).flat();
}

/**
 * Counts the layers by their outputs, so that the error for an export without past names the inputs it lacks.
 * ArtifactError for a number that no model with so few names has: what follows lists the names of every layer.
 */
function layersOf(path: string, { inputs, outputs }: OnnxFileInfo): number {
  const names = [...inputs.keys(), ...outputs.keys()];
  let layers = 0;
  for (const name of names) {
    const match = /^(?:past_key_values|present)\.(\d+)\./.exec(name);
    if (match === null) continue;
    if (Number(match[1]) >= names.length) {
      const shown = name.length > 60 ? `${name.slice(0, 57)}...` : name;
      throw new ArtifactError(
        `model "${path}": "${shown}" is of a layer beyond the model's ${names.length} inputs and outputs, expected layers ` +
          `numbered from 0 without gaps, as optimum-cli writes them`,
      );
    }
    layers = Math.max(layers, Number(match[1]) + 1);
  }
  return layers;
}

function checkNames(path: string, file: OnnxFileInfo): void {
  const layers = Math.max(1, layersOf(path, file));
  const inputs = ["input_ids", "attention_mask", ...cacheNames("past_key_values", layers)];
  const outputs = ["logits", ...cacheNames("present", layers)];
  const known = new Set([...inputs, "position_ids"]);
  const problems = [
    ["inputs missing", inputs.filter((name) => !file.inputs.has(name))],
    ["outputs missing", outputs.filter((name) => !file.outputs.has(name))],
    ["inputs that are not known", [...file.inputs.keys()].filter((name) => !known.has(name))],
  ] as const;
  const found = problems.filter(([, names]) => names.length > 0);
  if (found.length === 0) return;
  const list = found.map(([what, names]) => `${what}: ${shorten(names)}`).join("; ");
  throw new ArtifactError(
    `model "${path}" is not a decoder with past and present keys and values: ${list}; export it with ` +
      `optimum-cli export onnx --task text-generation-with-past`,
  );
}

function shorten(names: readonly string[]): string {
  return names.length <= 6 ? names.join(", ") : `${names.slice(0, 6).join(", ")} and ${names.length - 6} more`;
}

function precisionOf(path: string, name: string, elemType: number): Precision {
  if (elemType === DataType.float) return "fp32";
  if (elemType === DataType.float16) return "fp16";
  throw new ArtifactError(
    `model "${path}": "${name}" has ONNX element type ${elemType}, expected ${DataType.float} (float) or ${DataType.float16} (float16)`,
  );
}

async function readConfig(path: string): Promise<Config> {
  const folder = dirname(path);
  for (const file of [join(folder, "config.json"), join(folder, "..", "config.json")]) {
    if (existsSync(file)) requireRegular(file);
    const text = await readFile(file, "utf8").catch(() => undefined);
    if (text === undefined) continue;
    try {
      return configSchema.parse(JSON.parse(text));
    } catch (cause) {
      throw new ArtifactError(`"${file}" beside "${basename(path)}" is not a model's config.json: ${String(cause)}`, {
        cause,
      });
    }
  }
  return {};
}
