/** What a recorded server's model configuration (Hugging Face's config.json) says of its shape and KV cache. */
import { z } from "zod";
import { defined, type Profile, type Run } from "../../../formats/index.js";

const size = z.int().positive();

/** GPT-2 has names of its own. */
const modelConfig = z
  .looseObject({
    num_hidden_layers: size,
    n_layer: size,
    hidden_size: size,
    n_embd: size,
    num_attention_heads: size,
    n_head: size,
    num_key_value_heads: size,
    head_dim: size,
    intermediate_size: size,
    vocab_size: size,
    max_position_embeddings: size,
    n_positions: size,
    tie_word_embeddings: z.boolean(),
  })
  .partial();

const bytesOf: Readonly<Record<string, number>> = { float32: 4, float: 4, float16: 2, half: 2, bfloat16: 2 };

export interface RecordedModel {
  readonly model: Profile["model"];
  /** Undefined where the recording does not say. */
  readonly kvBytesPerToken: number | undefined;
  readonly weightBytes: number | undefined;
}

export function recordedModel({ info }: Run): RecordedModel {
  const config = modelConfig.safeParse(info.model.config ?? {}).data ?? {};
  const dtype = typeof info.model.dtype === "string" ? info.model.dtype : "unknown";
  const layers = config.num_hidden_layers ?? config.n_layer;
  const width = config.hidden_size ?? config.n_embd;
  const heads = config.num_attention_heads ?? config.n_head;
  const maxModelLen = info.engine.settings.max_model_len;
  const positions =
    typeof maxModelLen === "number" ? maxModelLen : (config.max_position_embeddings ?? config.n_positions ?? 4096);
  const bytes = bytesOf[dtype];
  const headWidth = config.head_dim ?? (width !== undefined && heads !== undefined ? width / heads : undefined);
  const kvHeads = config.num_key_value_heads ?? heads;
  const isKnown = layers !== undefined && kvHeads !== undefined && headWidth !== undefined && bytes !== undefined;
  const parameters = parametersOf(config, { layers, width, heads, kvHeads, headWidth });
  return {
    model: {
      name: info.model.name,
      ...defined({ layers, width, heads, vocab: config.vocab_size }),
      positions,
      ...defined({ parameters }),
      dtype,
    },
    kvBytesPerToken: isKnown ? 2 * layers * kvHeads * headWidth * bytes : undefined,
    weightBytes: parameters === undefined || bytes === undefined ? undefined : parameters * bytes,
  };
}

interface Sizes {
  readonly layers: number | undefined;
  readonly width: number | undefined;
  readonly heads: number | undefined;
  readonly kvHeads: number | undefined;
  readonly headWidth: number | undefined;
}

/** Matrices alone: of a gated MLP where the configuration has an intermediate size (Llama), else of GPT-2's. */
function parametersOf(config: z.output<typeof modelConfig>, sizes: Sizes): number | undefined {
  const { layers, width, heads, kvHeads, headWidth } = sizes;
  const vocab = config.vocab_size;
  if (!layers || !width || !heads || !kvHeads || !headWidth || !vocab) return undefined;
  const attention = width * headWidth * (2 * heads + 2 * kvHeads);
  const mlp = config.intermediate_size === undefined ? 8 * width * width : 3 * width * config.intermediate_size;
  const isGpt2 = config.n_embd !== undefined;
  const embeddings = vocab * width * (isGpt2 || config.tie_word_embeddings === true ? 1 : 2);
  const positions = isGpt2 ? (config.n_positions ?? 0) * width : 0;
  return layers * (attention + mlp) + embeddings + positions;
}
