import { resolve } from "node:path";
import { loadSchema } from "../formats/index.js";
import { readProfile } from "../formats/files/index.js";
import { planPolicy, simulateRun } from "../sim/index.js";
import type { Cell } from "./cells.js";
import { withRates } from "./utilisation.js";
import { workloadOf } from "./workload-of.js";

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

test("it is refused beside a rate of its own", () => {
  expect(() => loadSchema.parse({ utilisation: 0.5, request_rate: 3 })).toThrow("expected no request_rate");
});
