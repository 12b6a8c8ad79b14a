import { resolve } from "node:path";
import { loadSchema } from "../../formats/index.js";
import { readProfile } from "../../formats/files/index.js";
import { planPolicy, simulateRun } from "../../sim/index.js";
import type { Cell } from "./cells.js";
import { withRates } from "./cells.js";
import { workloadOf } from "../inputs/workload-of.js";

const profile = readProfile(resolve("examples/original-suite/profile.json"));
const input = { profile, prompts: undefined, seed: "1" };

function cell(load: object): Cell {
  const plan = planPolicy("naive", { batch_size: 4, timeout_s: 0.05 }, { source: "test" });
  return { name: "c", policyLabel: "p", loadLabel: "l", plan, load: loadSchema.parse(load), coldStart: false };
}

async function meanE2elMs(utilisation: number): Promise<number> {
  const [{ plan, load }] = (await withRates([cell({ utilisation, num_prompts: 400 })], input)) as [Cell];
  const workload = await workloadOf(load, undefined, "1");
  const { info } = simulateRun({ plan, profile, workload, load, seed: "1", coldStart: false });
  expect(info.summary!.overloaded).toBe(utilisation > 1);
  return info.summary!.mean_e2el_ms as number;
}

test("a utilisation becomes a rate in proportion to it, and other loads stay as they are", async () => {
  const closed = cell({ max_concurrency: 4 });
  const [low, high, same] = await withRates([cell({ utilisation: 0.3 }), cell({ utilisation: 0.6 }), closed], input);
  expect(high!.load.request_rate! / low!.load.request_rate!).toBeCloseTo(2, 1);
  expect(low!.load).not.toHaveProperty("utilisation");
  expect(same).toBe(closed);
});

test("below capacity a queue is served, above it it grows", async () => {
  expect(await meanE2elMs(0.5)).toBeLessThan((await meanE2elMs(1.6)) / 3);
});

test("it is rejected beside a rate of its own", () => {
  expect(() => loadSchema.parse({ utilisation: 0.5, request_rate: 3 })).toThrow("expected no request_rate");
});

test("the capacity of a server with more than 128 slots is that of all its slots", async () => {
  const server = readProfile(resolve("profiles/h100-llama-3.1-8b-vllm-0.26.json"));
  const plan = planPolicy("vllm", { max_num_seqs: 512 }, { source: "test" });
  const load = loadSchema.parse({
    utilisation: 1,
    dataset_name: "random",
    random_input_len: 64,
    random_output_len: 128,
    num_prompts: 10,
  });
  const of = { name: "c", policyLabel: "p", loadLabel: "l", plan, load, coldStart: false };
  const [rated] = await withRates([of], { profile: server, prompts: undefined, seed: "1" });
  const rest = { ...load, utilisation: undefined };
  const capacity = async (clients: number): Promise<number> => {
    const closed = { ...rest, num_prompts: 3000, max_concurrency: clients };
    const workload = await workloadOf(closed, undefined, "1");
    const { info } = simulateRun({ plan, profile: server, workload, load: closed, seed: "1", coldStart: false });
    return info.summary!.request_throughput as number;
  };
  const [few, all] = [await capacity(128), await capacity(1024)];
  expect(all / few).toBeGreaterThan(1.3);
  // Clients of a closed loop begin together and end together, in fewer steps than requests that come one by one.
  const share = rated!.load.request_rate! / all;
  expect(share).toBeGreaterThan(0.8);
  expect(share).toBeLessThan(1.02);
});
