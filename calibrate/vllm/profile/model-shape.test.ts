import { defined, type Run } from "../../../formats/index.js";
import type { RecordedRun } from "../recording/index.js";
import { recordedModel, routingNotes } from "./model-shape.js";

const llama8b = {
  hidden_size: 4096,
  intermediate_size: 14336,
  num_hidden_layers: 32,
  num_attention_heads: 32,
  num_key_value_heads: 8,
  head_dim: 128,
  vocab_size: 128256,
  max_position_embeddings: 131072,
  tie_word_embeddings: false,
};
const gpt2 = { n_layer: 12, n_embd: 768, n_head: 12, n_positions: 1024, vocab_size: 50257 };

function recorded(config: object | undefined, dtype = "bfloat16", settings: Record<string, unknown> = {}): Run {
  return {
    info: {
      version: 1,
      source: "real",
      policy: "vllm",
      engine: { name: "vllm", settings },
      model: { name: "m", dtype, ...defined({ config }) },
      hardware: {},
      load: { kind: "probes" },
      requests: 0,
    },
    requests: [],
    batches: [],
  };
}

test("Llama 3.1 8B has 8.03 billion parameters and 128 KiB of keys and values per token", () => {
  const { model, kvBytesPerToken, weightBytes } = recordedModel(recorded(llama8b));
  expect(model.parameters! / 1e9).toBeCloseTo(8.03, 2);
  expect(kvBytesPerToken).toBe(131_072);
  expect(weightBytes).toBe(2 * model.parameters!);
  expect(model).toMatchObject({ layers: 32, width: 4096, heads: 32, vocab: 128_256, positions: 131_072 });
});

test("GPT-2 is known by its own names: tied embeddings, learnt positions, a head for every key", () => {
  const { model, kvBytesPerToken, weightBytes } = recordedModel(recorded(gpt2, "float32"));
  expect(model.parameters! / 1e6).toBeCloseTo(124.4, 0);
  expect(kvBytesPerToken).toBe(2 * 12 * 768 * 4);
  expect(weightBytes).toBe(4 * model.parameters!);
  expect(model).toMatchObject({ layers: 12, width: 768, heads: 12, positions: 1024 });
});

test("tied embeddings count once", () => {
  const untied = recordedModel(recorded(llama8b)).model.parameters!;
  const tied = recordedModel(recorded({ ...llama8b, tie_word_embeddings: true })).model.parameters!;
  expect(untied - tied).toBe(128_256 * 4096);
});

test("positions are what the server was started with, where it says so", () => {
  expect(recordedModel(recorded(llama8b, "bfloat16", { max_model_len: 4096 })).model.positions).toBe(4096);
});

test("a recording without a configuration, or of an unknown type of number, says nothing of bytes", () => {
  const bare = recordedModel(recorded(undefined));
  expect([bare.kvBytesPerToken, bare.weightBytes]).toEqual([undefined, undefined]);
  expect(bare.model).toEqual({ name: "m", positions: 4096, dtype: "bfloat16" });
  const odd = recordedModel(recorded(llama8b, "fp4"));
  expect([odd.kvBytesPerToken, odd.weightBytes]).toEqual([undefined, undefined]);
  expect(odd.model.parameters! / 1e9).toBeCloseTo(8.03, 2);
});

describe("Qwen3-30B-A3B", () => {
  const qwen = {
    hidden_size: 2048,
    intermediate_size: 6144,
    moe_intermediate_size: 768,
    num_hidden_layers: 48,
    num_attention_heads: 32,
    num_key_value_heads: 4,
    head_dim: 128,
    num_experts: 128,
    num_experts_per_tok: 8,
    vocab_size: 151936,
  };

  it("has 30.5 billion parameters, and 8 of 128 experts for a token", () => {
    const { model } = recordedModel(recorded(qwen));
    expect(model.parameters! / 1e9).toBeCloseTo(30.5, 1);
    expect(model.experts).toEqual({ total: 128, active: 8 });
    expect(recordedModel(recorded(llama8b)).model.experts).toBeUndefined();
  });

  it("leaves half of its experts to the other of two engines, and all else is in both", () => {
    const one = recordedModel(recorded(qwen)).weightBytes!;
    const two = recordedModel(recorded(qwen, "bfloat16", { data_parallel_size: 2 })).weightBytes!;
    expect(one - two).toBe((2 * 48 * 128 * 3 * 2048 * 768) / 2);
  });

  it("keeps each KV head twice on eight tensor parallel ranks", () => {
    const kvBytes = (shards: number): number =>
      recordedModel(recorded(qwen, "bfloat16", { tensor_parallel_size: shards })).kvBytesPerToken!;
    expect([kvBytes(1), kvBytes(4), kvBytes(8)]).toEqual([98_304, 98_304, 196_608]);
  });
});

function recordedRun(model: Run["info"]["model"], kind = "probes"): RecordedRun {
  const info = { model, load: { kind }, engine: { name: "vllm", settings: {} } } as unknown as Run["info"];
  return { name: "run", run: { info, requests: [], batches: [] } };
}

test.each([
  { name: "mine", config: { num_experts: 128, num_experts_per_tok: 8 } },
  { name: "Qwen/Qwen3-30B-A3B-Instruct-2507" },
  { name: "mistralai/Mixtral-8x7B-v0.1" },
  { name: "Qwen/Qwen1.5-MoE-A2.7B" },
])("probes of a model with experts say that random tokens are routed otherwise: $name", (model) => {
  expect(routingNotes([recordedRun(model)])).toEqual([expect.stringMatching(/^\S+ has experts: .*random token ids/)]);
});

test.each(["meta-llama/Llama-3.1-8B", "Qwen/Qwen3-32B", "moelog/alpha-a3"])("nothing is said of %s", (name) => {
  expect(routingNotes([recordedRun({ name })])).toEqual([]);
});

test("loads without probes are what they are", () => {
  expect(routingNotes([recordedRun({ name: "Mixtral-8x7B" }, "poisson")])).toEqual([]);
});
