/**
 * The shape of a GPT-2-family model and the shapes that have a name. Cost depends on shapes, not on values, so a
 * preset is all that a calibration needs: the weights are seeded noise (weights-file.ts).
 * GPT-2 shapes: Radford et al. 2019, table 2, and the `config.json` of each published checkpoint.
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
}

/** Token ids come from the GPT-2 tokenizer (r50k_base): 0 to 50256. */
export const tokenizerVocab = 50_257;

/**
 * `tiny` is for tests: its vocabulary of 512 is smaller than the tokenizer's, so the executor folds each id by `id % vocab`.
 * `mini` costs 0.1-0.3 s for a batch of 8 short prompts with 20 output tokens on 2 CPU cores. The rest are GPT-2's own sizes.
 */
export const modelPresets = {
  tiny: { layers: 2, width: 32, heads: 2, vocab: 512, positions: 128 },
  mini: { layers: 6, width: 384, heads: 6, vocab: tokenizerVocab, positions: 1024 },
  gpt2: { layers: 12, width: 768, heads: 12, vocab: tokenizerVocab, positions: 1024 },
  "gpt2-medium": { layers: 24, width: 1024, heads: 16, vocab: tokenizerVocab, positions: 1024 },
  "gpt2-large": { layers: 36, width: 1280, heads: 20, vocab: tokenizerVocab, positions: 1024 },
  "gpt2-xl": { layers: 48, width: 1600, heads: 25, vocab: tokenizerVocab, positions: 1024 },
} as const satisfies Record<string, ModelShape>;

/** A name in `modelPresets`. */
export type PresetName = keyof typeof modelPresets;

/** True for a name in `modelPresets`. */
export function isPresetName(name: string): name is PresetName {
  return Object.hasOwn(modelPresets, name);
}

/** The names a user may give, for messages and `--help`. */
export const presetNames = Object.keys(modelPresets).join(", ");

/** A preset by name, or a checked custom shape under the name `custom`. Throws ConfigError naming the wrong field. */
export function namedShape(shapeOrPreset: ModelShape | string): { name: string; shape: ModelShape } {
  if (typeof shapeOrPreset === "string") {
    if (!isPresetName(shapeOrPreset)) {
      throw new ConfigError(`unknown model "${shapeOrPreset}": expected one of ${presetNames}`);
    }
    return { name: shapeOrPreset, shape: modelPresets[shapeOrPreset] };
  }
  const { layers, width, heads, vocab, positions } = shapeOrPreset;
  for (const [field, value] of Object.entries({ layers, width, heads, vocab, positions })) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new ConfigError(`model shape: ${field} is ${String(value)}, expected a whole number of at least 1`);
    }
  }
  if (width % heads !== 0) {
    throw new ConfigError(`model shape: width ${width} is not a multiple of heads ${heads}, choose one that is`);
  }
  return { name: "custom", shape: { layers, width, heads, vocab, positions } };
}

/** The embedding row of a tokenizer id: `id % vocab`, which changes nothing for every preset but `tiny`. */
export function foldTokenId(id: number, shape: ModelShape): number {
  return id % shape.vocab;
}
