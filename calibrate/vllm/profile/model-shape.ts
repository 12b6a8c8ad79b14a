/** What a recorded server's model configuration (Hugging Face's config.json) says of its shape, its KV cache and its experts. */
import { z } from "zod";
import { defined, type Profile, type Run } from "../../../formats/index.js";
import { isProbes, type RecordedRun } from "../recording/index.js";

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
    num_experts: size,
    num_local_experts: size,
    n_routed_experts: size,
    num_experts_per_tok: size,
    moe_intermediate_size: size,
    vocab_size: size,
    max_position_embeddings: size,
    n_positions: size,
    tie_word_embeddings: z.boolean(),
  })
  .partial();

const bytesOf: Readonly<Record<string, number>> = { float32: 4, float: 4, float16: 2, half: 2, bfloat16: 2 };

export interface RecordedModel {
  readonly model: Profile["model"];
  /**
   * Of one data parallel engine, all its tensor parallel ranks together; undefined where the recording does not say. A rank
   * keeps a KV head of its own where there are more ranks than heads.
   */
  readonly kvBytesPerToken: number | undefined;
  /** Likewise; experts are spread over all engines. */
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
  const { tensor_parallel_size: shards = 1, data_parallel_size: engines = 1 } = info.engine.settings;
  const heldHeads = kvHeads === undefined ? undefined : Math.max(kvHeads, Number(shards));
  const isKnown = layers !== undefined && kvHeads !== undefined && headWidth !== undefined && bytes !== undefined;
  const experts = expertsOf(config);
  const sizes = { layers, width, heads, kvHeads, headWidth, experts: experts?.total };
  const parameters = parametersOf(config, sizes);
  const elsewhere = (1 - 1 / Number(engines)) * expertParameters(config, sizes);
  return {
    model: {
      name: info.model.name,
      ...defined({ layers, width, heads, vocab: config.vocab_size }),
      positions,
      ...defined({ parameters, experts }),
      dtype,
    },
    kvBytesPerToken: isKnown ? 2 * layers * heldHeads! * headWidth * bytes : undefined,
    weightBytes:
      parameters === undefined || bytes === undefined ? undefined : Math.ceil((parameters - elsewhere) * bytes),
  };
}

/** Families have names of their own: Qwen and GPT-OSS, Mixtral, DeepSeek. */
function expertsOf(config: z.output<typeof modelConfig>): Profile["model"]["experts"] {
  const total = config.num_experts ?? config.num_local_experts ?? config.n_routed_experts;
  const active = config.num_experts_per_tok;
  return total === undefined || active === undefined || active > total ? undefined : { total, active };
}

interface Sizes {
  readonly layers: number | undefined;
  readonly width: number | undefined;
  readonly heads: number | undefined;
  readonly kvHeads: number | undefined;
  readonly headWidth: number | undefined;
  readonly experts: number | undefined;
}

/** Matrices alone: of a gated MLP where the configuration has an intermediate size (Llama), of each expert, else of GPT-2's. */
function parametersOf(config: z.output<typeof modelConfig>, sizes: Sizes): number | undefined {
  const { layers, width, heads, kvHeads, headWidth, experts = 1 } = sizes;
  const vocab = config.vocab_size;
  if (!layers || !width || !heads || !kvHeads || !headWidth || !vocab) return undefined;
  const attention = width * headWidth * (2 * heads + 2 * kvHeads);
  const inner = innerWidth(config, experts);
  const mlp = inner === undefined ? 8 * width * width : experts * 3 * width * inner;
  const isGpt2 = config.n_embd !== undefined;
  const embeddings = vocab * width * (isGpt2 || config.tie_word_embeddings === true ? 1 : 2);
  const positions = isGpt2 ? (config.n_positions ?? 0) * width : 0;
  return layers * (attention + mlp) + embeddings + positions;
}

/** Of a layer's MLP, or of one of its experts. */
function innerWidth(config: z.output<typeof modelConfig>, experts: number): number | undefined {
  return (experts > 1 ? config.moe_intermediate_size : undefined) ?? config.intermediate_size;
}

/** Of all experts; 0 of a dense model. */
function expertParameters(config: z.output<typeof modelConfig>, { layers = 0, width = 0, experts = 1 }: Sizes): number {
  return experts > 1 ? layers * experts * 3 * width * (innerWidth(config, experts) ?? 0) : 0;
}

/** Names that say of a model that it has experts: "Qwen1.5-MoE", "Mixtral-8x7B", "Qwen3-30B-A3B". */
const NAMES_OF_EXPERTS = /(^|[^a-z])moe([^a-z]|$)|\d+x\d+(\.\d+)?b|-a\d+(\.\d+)?b/i;

/**
 * What probes of a model with experts do not show: their prompts are random token ids, and which experts a token goes through
 * depends on it. Empty for a dense model, for one that does not say, and without probes.
 */
export function routingNotes(runs: readonly RecordedRun[]): string[] {
  const probed = runs.filter(isProbes).find(({ run }) => hasExperts(run));
  if (probed === undefined) return [];
  return [
    `${probed.run.info.model.name} has experts: the prompts of probes are random token ids, which may be routed to other experts, and ` +
      "more evenly, than text; costs of steps are those of random tokens until a load of real prompts (bench --prompts) is in the fit",
  ];
}

function hasExperts(run: RecordedRun["run"]): boolean {
  return recordedModel(run).model.experts !== undefined || NAMES_OF_EXPERTS.test(run.info.model.name);
}
