import { readFileSync } from "node:fs";
import { profileSchema, type VllmEngineCost } from "../../formats/index.js";
import { withCostDraw } from "./cost-draw.js";

const file = new URL("../../profiles/h100-llama-3.1-8b-vllm-0.26.json", import.meta.url);
const profile = profileSchema.parse(JSON.parse(readFileSync(file, "utf8")));
const names = ["gpu.decode_base_ns", "host.launch_full_graph.base_ns", "front_end.output_ns"];
const drawn = { ...profile, cost_draws: { names, values: [[1, 2, 3], [4, 5, 6]] } }; // prettier-ignore

test("a draw puts its row in the places that it names, and leaves the rest and the profile as they are", () => {
  const before = structuredClone(drawn);
  const cost = withCostDraw(drawn, 3).cost as VllmEngineCost;
  expect([cost.gpu.decode_base_ns, cost.host.launch_full_graph.base_ns, cost.front_end!.output_ns]).toEqual([4, 5, 6]);
  expect(cost.gpu.attention_pair_ns).toBe((profile.cost as VllmEngineCost).gpu.attention_pair_ns);
  expect(drawn).toEqual(before);
  expect((withCostDraw(drawn, 2).cost as VllmEngineCost).gpu.decode_base_ns).toBe(1);
});

test("a profile without draws, or without the part that one names, is as it is", () => {
  const { cost_draws, ...none } = drawn;
  expect(cost_draws.values).toHaveLength(2);
  expect(withCostDraw(none, 1)).toBe(none);
  const { front_end, ...engine } = profile.cost as VllmEngineCost;
  expect(front_end).toBeDefined();
  expect(withCostDraw({ ...drawn, cost: engine }, 0).cost).not.toHaveProperty("front_end");
});
