import { readFileSync } from "node:fs";
import { ConfigError, profileSchema, type Profile } from "../../formats/index.js";
import { costDrawCount, withCostDraw } from "./cost-draw.js";

const shipped = (name: string): Profile =>
  profileSchema.parse(JSON.parse(readFileSync(`profiles/${name}.json`, "utf8")));
const batches = shipped("h100-gpt2-fp32");
const server = shipped("h100-llama-3.1-8b-vllm-0.26");

function withDraws(names: string[], values: number[][]): Profile {
  return { ...server, cost_draws: { names, values } };
}

test("a draw of a server's costs is put in its places, modulo the number of draws, and nothing else changes", () => {
  const profile = withDraws(["gpu.decode_base_ns", "host.launch_full_graph.base_ns"], [[1, 2], [3, 4]]); // prettier-ignore
  expect(costDrawCount(profile)).toBe(2);
  const { cost } = withCostDraw(profile, 5);
  const { cost: own } = server;
  if (cost.kind !== "vllm_engine" || own.kind !== "vllm_engine") throw new Error("the profile is of a vLLM engine");
  expect(cost.gpu).toEqual({ ...own.gpu, decode_base_ns: 3 });
  expect(cost.host).toEqual({ ...own.host, launch_full_graph: { ...own.host.launch_full_graph, base_ns: 4 } });
  expect(cost.front_end).toEqual(own.front_end);
  expect(withCostDraw(profile, 0).cost).not.toEqual(cost);
  expect(profile.cost).toBe(server.cost);
});

test("every draw is what checking the whole cost for it alone gives", () => {
  const alone = (draw: number): Profile => withCostDraw({ ...server, cost: { ...server.cost } }, draw);
  const draws = Array.from({ length: costDrawCount(server) }, (_, draw) => draw);
  expect(draws.map((draw) => JSON.stringify(withCostDraw(server, draw)))).toEqual(
    draws.map((draw) => JSON.stringify(alone(draw))),
  );
});

test("a draw is checked though the one before it was right", () => {
  const profile = withDraws(["gpu.decode_base_ns"], [[1], [-1], [2]]); // prettier-ignore
  expect(withCostDraw(profile, 0).cost).toMatchObject({ gpu: { decode_base_ns: 1 } });
  expect(() => withCostDraw(profile, 1)).toThrow(/draw 1 .*decode_base_ns: got -1/);
  expect(withCostDraw(profile, 2).cost).toMatchObject({ gpu: { decode_base_ns: 2 } });
});

test("draws of a cost that changed are those of the changed cost", () => {
  const profile = withDraws(["gpu.decode_base_ns"], [[1], [2]]); // prettier-ignore
  withCostDraw(profile, 0);
  if (server.cost.kind !== "vllm_engine") throw new Error("the profile is of a vLLM engine");
  const slower = { ...profile, cost: { ...server.cost, gpu: { ...server.cost.gpu, prefill_base_ns: 7 } } };
  expect(withCostDraw(slower, 1).cost).toMatchObject({ gpu: { decode_base_ns: 2, prefill_base_ns: 7 } });
  expect(withCostDraw(profile, 1).cost).toMatchObject({ gpu: { prefill_base_ns: server.cost.gpu.prefill_base_ns } });
});

test("a draw of static batches has the same terms with other coefficients", () => {
  const { cost } = withCostDraw(batches, 7);
  if (cost.kind !== "static_batch" || batches.cost.kind !== "static_batch") throw new Error("it has costs of batches");
  expect(cost.prefill.map(({ coefficient_ns }) => coefficient_ns)).toEqual(batches.uncertainty!.prefill[7]);
  expect(cost.decode_step.map(({ coefficient_ns }) => coefficient_ns)).toEqual(batches.uncertainty!.decode_step[7]);
  expect(cost.decode_step.map(({ basis, upto }) => [basis, upto])).toEqual(
    batches.cost.decode_step.map(({ basis, upto }) => [basis, upto]),
  );
  expect(withCostDraw(batches, 107).cost).toEqual(cost);
});

test("a profile that keeps no draws comes back as it is", () => {
  const bare = { ...server };
  delete bare.cost_draws;
  expect(costDrawCount(bare)).toBe(0);
  expect(withCostDraw(bare, 3)).toBe(bare);
});

test.each([
  ["gpu.no_such.base_ns", 1, "got gpu.no_such.base_ns, expected the place of a number"],
  ["host.update", 1, "got host.update, expected the place of a number"],
  ["gpu.decode_bse_ns", 1, "decode_bse_ns"],
  ["gpu.decode_base_ns", -1, "decode_base_ns: got -1"],
])("a draw of %s, %d ns, is rejected", (name, ns, message) => {
  const draw = (): Profile => withCostDraw(withDraws([name], [[ns]]), 0);
  expect(draw).toThrow(ConfigError);
  expect(draw).toThrow('profile "h100-llama-3.1-8b-vllm-0.26" with draw 0 of its cost_draws: ');
  expect(draw).toThrow(message);
});
