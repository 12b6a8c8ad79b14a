/**
 * The shape of a decoder (GPT-2 family, or Llama style) and the shapes that have a name. Cost depends on shapes, not on
 * values, so a preset is all that a calibration needs: without a checkpoint the weights are seeded noise (weights-file.ts).
 * GPT-2 shapes: Radford et al. 2019, table 2; TinyLlama: Zhang et al. 2024, and the `config.json` of each checkpoint.
 */
import { ConfigError } from "../../formats/index.js";

/** Sizes that fix every tensor of the model; `width` is a multiple of `heads`. */
export interface ModelShape {
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  /** Rows of the embedding table; a token id is folded into it by `id % vocab` (see `foldTokenId`). */
  readonly vocab: number;
  /** Longest prompt plus output, in tokens. */
  readonly positions: number;
  /** What a Llama-style decoder needs besides; without it the shape is GPT-2's. */
  readonly llama?: LlamaShape;
}

/** RMSNorm, rotary positions, grouped queries, gated MLP; `heads` is a multiple of `kvHeads`, the head width is even. */
export interface LlamaShape {
  readonly kvHeads: number;
  /** Width of the gated MLP. */
  readonly intermediate: number;
  readonly ropeTheta: number;
  /** Of RMSNorm. */
  readonly epsilon: number;
}

/** Token ids come from the GPT-2 tokenizer (r50k_base): 0 to 50256. */
export const tokenizerVocab = 50_257;

const rope = { ropeTheta: 10_000, epsilon: 1e-5 };

/**
 * `tiny` and `llama-tiny` are for tests: their vocabulary of 512 is smaller than the tokenizer's, so the executor folds each
 * id by `id % vocab`. `mini` costs 0.1-0.3 s for a batch of 8 short prompts with 20 output tokens on 2 CPU cores, and
 * `llama-mini` (32 M parameters) is its like. The rest are the sizes of published models.
 */
export const modelPresets = {
  tiny: { layers: 2, width: 32, heads: 2, vocab: 512, positions: 128 },
  mini: { layers: 6, width: 384, heads: 6, vocab: tokenizerVocab, positions: 1024 },
  gpt2: { layers: 12, width: 768, heads: 12, vocab: tokenizerVocab, positions: 1024 },
  "gpt2-medium": { layers: 24, width: 1024, heads: 16, vocab: tokenizerVocab, positions: 1024 },
  "gpt2-large": { layers: 36, width: 1280, heads: 20, vocab: tokenizerVocab, positions: 1024 },
  "gpt2-xl": { layers: 48, width: 1600, heads: 25, vocab: tokenizerVocab, positions: 1024 },
  "llama-tiny": {
    ...{ layers: 2, width: 32, heads: 4, vocab: 512, positions: 128 },
    llama: { kvHeads: 2, intermediate: 88, ...rope },
  },
  "llama-mini": {
    ...{ layers: 6, width: 384, heads: 6, vocab: 32_000, positions: 1024 },
    llama: { kvHeads: 2, intermediate: 768, ...rope },
  },
  "tinyllama-1.1b": {
    ...{ layers: 22, width: 2048, heads: 32, vocab: 32_000, positions: 2048 },
    llama: { kvHeads: 4, intermediate: 5632, ...rope },
  },
} as const satisfies Record<string, ModelShape>;

/** A name in `modelPresets`. */
export type PresetName = keyof typeof modelPresets;

/** True for a name in `modelPresets`. */
export function isPresetName(name: string): name is PresetName {
  return Object.hasOwn(modelPresets, name);
}

/** The names a user may give, for messages and `--help`. */
export const presetNames = Object.keys(modelPresets).join(", ");

/** A custom shape with nothing but its own fields. Throws ConfigError naming the wrong field. */
export function checkedShape(given: ModelShape): ModelShape {
  const { layers, width, heads, vocab, positions, llama } = given;
  const sizes = { layers, width, heads, vocab, positions };
  const llamaSizes = llama === undefined ? {} : { kvHeads: llama.kvHeads, intermediate: llama.intermediate };
  for (const [field, value] of Object.entries({ ...sizes, ...llamaSizes })) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new ConfigError(`model shape: ${field} is ${String(value)}, expected a whole number of at least 1`);
    }
  }
  if (width % heads !== 0) {
    throw new ConfigError(`model shape: width ${width} is not a multiple of heads ${heads}, choose one that is`);
  }
  if (llama === undefined) return sizes;
  if (heads % llama.kvHeads !== 0) {
    throw new ConfigError(
      `model shape: heads ${heads} is not a multiple of kvHeads ${llama.kvHeads}, choose one that is`,
    );
  }
  if ((width / heads) % 2 !== 0) {
    throw new ConfigError(`model shape: head width ${width / heads} is odd, rotary positions need an even one`);
  }
  for (const field of ["ropeTheta", "epsilon"] as const) {
    if (!(llama[field] > 0)) {
      throw new ConfigError(`model shape: ${field} is ${llama[field]}, expected a number above 0`);
    }
  }
  const { kvHeads, intermediate, ropeTheta, epsilon } = llama;
  return { ...sizes, llama: { kvHeads, intermediate, ropeTheta, epsilon } };
}

/** Width of one attention head. */
export function headWidth(shape: ModelShape): number {
  return shape.width / shape.heads;
}

/** Heads whose keys and values are kept: fewer than the query heads where queries are grouped. */
export function kvHeads(shape: ModelShape): number {
  return shape.llama?.kvHeads ?? shape.heads;
}

/** The embedding row of a tokenizer id: `id % vocab`, which changes nothing for GPT-2's own vocabulary. */
export function foldTokenId(id: number, shape: ModelShape): number {
  return id % shape.vocab;
}
