/** With jitter, too, the fast engine and the step by step one are the same to the last bit. */
import { readFileSync } from "node:fs";
import { profileSchema, type Profile, type Run, type VllmEngineCost } from "../../formats/index.js";
import { planPolicy } from "../policy/index.js";
import { simulateRun } from "./simulate-run.js";

const file = new URL("../../profiles/h100-llama-3.1-8b-vllm-0.26.json", import.meta.url);
const shipped = profileSchema.parse(JSON.parse(readFileSync(file, "utf8")));

/** With every mechanism of the host that a profile may have. */
function withAll(profile: Profile): Profile {
  const cost = profile.cost as VllmEngineCost;
  const { host } = cost;
  const { quantiles } = cost.jitter!.schedule!;
  return {
    ...profile,
    cost: {
      ...cost,
      gpu: { ...cost.gpu, large_graph: { beyond: 128, upto: 256, extra_ns: 1e6 } },
      host: {
        ...host,
        pace: 1.2,
        launch_recency: { share: 0.2, memory_ns: 60e6 },
        launch_no_graph: { ...host.launch_no_graph, overlap_power: 3.5 },
        launch_piecewise: { ...host.launch_piecewise, overlap_power: 3.5 },
      },
      jitter: { ...cost.jitter!, pace: { quantiles, states: [{ share: 1, memory_ns: 70e6 }] }, run_spread: null },
    },
  };
}

interface Servers {
  readonly policy?: "vllm" | "naive" | "dynamic";
  readonly maxConcurrency?: number;
  readonly replicas?: number;
  readonly router?: "least-outstanding";
}

const requests = Array.from({ length: 300 }, (_, k) => ({
  id: String(k),
  arrivalNs: 30e6 * k + (k % 7) * 11e6,
  promptTokens: 10 + ((k * 331) % 900),
  outputTokens: 1 + ((k * 53) % 120),
})).sort((a, b) => a.arrivalNs - b.arrivalNs);

test.each([true, false])("jitter %p: every time of every request is the same", (jitter) => {
  const run = (engine: "fast" | "step"): unknown => {
    const { info, requests: records } = simulateRun({
      plan: planPolicy("vllm", {}, { source: "test" }),
      profile: withAll(shipped),
      workload: { requests, maxConcurrency: Infinity, thinkNs: 0 },
      load: {} as never,
      seed: "1",
      coldStart: false,
      jitter,
      engine,
    });
    return [records, info.summary, info.preemptions];
  };
  expect(run("fast")).toEqual(run("step"));
});

describe.each([
  ["asynchronous", {}, {}],
  ["synchronous", { async_scheduling: false }, {}],
  ["in a closed loop", {}, { maxConcurrency: 6 }],
  ["with preemptions", { num_gpu_blocks: 80, max_num_seqs: 8 }, {}],
  ["on three replicas", {}, { replicas: 3, router: "least-outstanding" }],
  ["by priority", { scheduling_policy: "priority" }, {}],
  ["in fixed batches", { batch_size: 5, timeout_s: 0.1 }, { policy: "naive" }],
  ["in batches that follow memory", { max_batch_size: 12, max_time_wait_s: 0.2 }, { policy: "dynamic" }],
] as const)("drawn times, %s", (_, settings, { policy = "vllm", maxConcurrency = Infinity, ...servers }: Servers) => {
  const run = (engine: "fast" | "step"): Run =>
    simulateRun({
      plan: planPolicy(policy, settings, { source: "test" }),
      profile: withAll(shipped),
      workload: {
        requests: requests.map((request, k) => ({ ...request, priority: k % 3 })),
        maxConcurrency,
        thinkNs: 0,
      },
      load: {} as never,
      seed: "1",
      coldStart: false,
      engine,
      ...servers,
    });

  it("are the same in runs of decodes taken at once as step by step", () => {
    const [fast, step] = [run("fast"), run("step")];
    expect(fast.requests).toEqual(step.requests);
    const { engine_steps: fastSteps, ...fastInfo } = fast.info;
    const { engine_steps: stepSteps, ...stepInfo } = step.info;
    expect(fastInfo).toEqual(stepInfo);
    const { scheduled } = stepSteps as { scheduled: number };
    expect(stepSteps).toEqual({ scheduled, jumped: 0, in_runs: 0 });
    expect(fastSteps).toMatchObject({ scheduled, jumped: 0 });
    expect((fastSteps as { in_runs: number }).in_runs).toBeGreaterThan(scheduled / 10);
  });
});

test("drawn times are the same on a busy server, whose outputs wait now and then behind a long one", () => {
  const lengths = (k: number, of: number, mean: number): number =>
    1 + Math.floor(-mean * Math.log((((k * of) % 997) + 1) / 999));
  const workload = {
    requests: Array.from({ length: 4000 }, (_, k) => ({
      id: String(k),
      arrivalNs: 32e6 * k + ((k * 7919) % 64) * 1e6,
      promptTokens: lengths(k, 331, 220),
      outputTokens: lengths(k, 173, 190),
    })).sort((a, b) => a.arrivalNs - b.arrivalNs),
    maxConcurrency: Infinity,
    thinkNs: 0,
  };
  const cost = shipped.cost as VllmEngineCost;
  const jitter = { ...cost.jitter!, output_stall: { token_probability: 0.003, mean_ns: 20e6 } };
  const profile: Profile = { ...shipped, cost: { ...cost, jitter } };
  const run = (engine: "fast" | "step"): unknown =>
    simulateRun({
      plan: planPolicy("vllm", { max_num_seqs: 128, max_num_batched_tokens: 2048 }, { source: "test" }),
      ...{ profile, workload, load: {} as never, seed: "1", coldStart: false, engine },
    }).requests;
  expect(run("fast")).toEqual(run("step"));
});

test("a host whose spread from run to run is not known says what is assumed", () => {
  const notes = (jitter: boolean): readonly string[] =>
    simulateRun({
      plan: planPolicy("vllm", {}, { source: "test" }),
      profile: withAll(shipped),
      workload: { requests: requests.slice(0, 5), maxConcurrency: Infinity, thinkNs: 0 },
      load: {} as never,
      seed: "1",
      coldStart: false,
      jitter,
    }).info.notes ?? [];
  expect(notes(true).join("\n")).toMatch(/pace differs from run to run is not known .* 8 % is assumed/);
  expect(notes(false).join("\n")).not.toMatch(/is assumed/);
});
