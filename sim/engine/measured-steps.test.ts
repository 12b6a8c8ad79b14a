/** Continuous batching on a profile that knows what steps cost: settings, engines, jitter, and profiles without. */
import { readFileSync } from "node:fs";
import { profileSchema, recordsOfTable, type Profile, type Run } from "../../formats/index.js";
import { withCostDraw } from "../cost/index.js";
import { measuredSteps } from "../cost/measured-steps.fixture.js";
import { planPolicy } from "../policy/index.js";
import type { SimulatedRunInput } from "./run-input.js";
import { simulateRun } from "./simulate-run.js";

const file = new URL("../../profiles/mini-cpu-2core.json", import.meta.url);
const batches = profileSchema.parse(JSON.parse(readFileSync(file, "utf8")));
const profile: Profile = { ...batches, steps: measuredSteps, uncertainty: { prefill: [], decode_step: [[]] } };

const requests = Array.from({ length: 120 }, (_, at) => ({
  id: String(at),
  arrivalNs: 90_000 * at,
  promptTokens: 1 + ((at * 7) % 40),
  outputTokens: 1 + ((at * 5) % 30),
}));

function simulated(
  change: Partial<SimulatedRunInput> & { readonly policy?: string; readonly settings?: object } = {},
): Run {
  const { policy = "vllm", settings = {}, ...rest } = change;
  const plan = planPolicy(policy, settings, { source: "test" });
  const workload = { requests, maxConcurrency: 20, thinkNs: 0 };
  return simulateRun({ plan, profile, workload, load: {} as never, seed: "1", coldStart: false, ...rest });
}

const recordsOf = ({ table, requests: records }: Run) => (table === undefined ? records : recordsOfTable(table));

test.each(["vllm", "orca"])("%s comes out the same run by run and step by step, with jitter and without", (policy) => {
  for (const jitter of [true, false]) {
    const [fast, step] = (["fast", "step"] as const).map((engine) => simulated({ policy, jitter, engine }));
    expect(recordsOf(fast!)).toEqual(recordsOf(step!));
    expect(fast!.info.summary).toEqual(step!.info.summary);
    expect(fast!.info.busy_ms).toBe(step!.info.busy_ms);
  }
});

test("steps run one at a time, without a prefix cache, as they were measured; what overlaps is rejected", () => {
  expect(simulated().info).toMatchObject({
    policy_settings: { max_num_seqs: 8, async_scheduling: false, enable_prefix_caching: false },
    jitter: "on",
  });
  expect(() => simulated({ settings: { async_scheduling: true } })).toThrow(
    /async_scheduling: profile "mini-cpu" measured steps one at a time/,
  );
});

test("jitter is drawn with the seed, and other draws of the costs give other times", () => {
  const latency = (run: Run): unknown => run.info.summary!.mean_e2el_ms;
  expect(latency(simulated())).toBe(latency(simulated()));
  expect(latency(simulated({ seed: "2" }))).not.toBe(latency(simulated()));
  const draws = { dense: [[20_000, 200]], output: [], decode: [], prefill: [], move: [] };
  const drawn = withCostDraw({ ...profile, steps: { ...measuredSteps, draws } }, 0);
  expect(drawn.steps!.terms.dense.map(({ coefficient_ns }) => coefficient_ns)).toEqual([20_000, 200]);
  expect(drawn.steps!.terms.output).toEqual(measuredSteps.terms.output);
  expect(latency(simulated({ profile: drawn })) as number).toBeGreaterThan(latency(simulated()) as number);
});

test("whole batches cost the same with a section of steps beside them", () => {
  const run = (on: Profile): Run => simulated({ policy: "naive", settings: { batch_size: 4 }, profile: on });
  expect(recordsOf(run(profile))).toEqual(recordsOf(run(batches)));
});
