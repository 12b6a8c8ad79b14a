import type { Run } from "../../../formats/index.js";
import type { RecordedRun } from "../recording/index.js";
import { routingNotes } from "./routing-note.js";

function recorded(model: Run["info"]["model"], kind = "probes"): RecordedRun {
  const info = { model, load: { kind }, engine: { name: "vllm", settings: {} } } as unknown as Run["info"];
  return { name: "run", run: { info, requests: [], batches: [] } };
}

test.each([
  { name: "mine", config: { num_experts: 128, num_experts_per_tok: 8 } },
  { name: "Qwen/Qwen3-30B-A3B-Instruct-2507" },
  { name: "mistralai/Mixtral-8x7B-v0.1" },
  { name: "Qwen/Qwen1.5-MoE-A2.7B" },
])("probes of a model with experts say that random tokens are routed otherwise: $name", (model) => {
  expect(routingNotes([recorded(model)])).toEqual([expect.stringMatching(/^\S+ has experts: .*random token ids/)]);
});

test.each(["meta-llama/Llama-3.1-8B", "Qwen/Qwen3-32B", "moelog/alpha-a3"])("nothing is said of %s", (name) => {
  expect(routingNotes([recorded({ name })])).toEqual([]);
});

test("loads without probes are what they are", () => {
  expect(routingNotes([recorded({ name: "Mixtral-8x7B" }, "poisson")])).toEqual([]);
});
