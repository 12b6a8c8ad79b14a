/** Recorded coding agents with contexts of thousands of blocks: extents of them give what every block gives. */
import { existsSync } from "node:fs";
import { loadSchema } from "../../formats/index.js";
import { readProfile, readTrace } from "../../formats/files/index.js";
import { planPolicy, simulateRun, workloadFromSessions, type EngineName, type RouterName } from "../../sim/index.js";

const recordings = "../shared/data/agent-sessions";
const isThere = existsSync(recordings);
if (!isThere) console.warn(`no sessions in ${recordings}: they are not simulated on both engines`);

/** A run without what says how it was simulated, and how many steps were taken in runs. */
async function simulated(engine: EngineName, blocks: number, replicas: number, router: RouterName) {
  const { sessions } = await readTrace(recordings, {
    format: "agent",
    loadTokenizer: () => Promise.reject(new Error()),
  });
  const load = loadSchema.parse({ workload: recordings, num_sessions: 5, max_sessions: 5 });
  const settings = { num_gpu_blocks: blocks, max_model_len: 300_000, enable_prefix_caching: true };
  const run = simulateRun({
    plan: planPolicy("vllm", settings, { source: "test" }),
    profile: readProfile("profiles/h100-llama-3.1-8b-vllm-0.26.json"),
    workload: workloadFromSessions(load, sessions!, "1"),
    load,
    seed: "1",
    coldStart: false,
    engine,
    replicas,
    router,
  });
  const { engine_steps: steps, ...info } = run.info;
  return { steps: steps as { in_runs: number }, result: { ...run, info } };
}

describe.each([
  ["a pool that holds one of the largest contexts, so that turns find theirs evicted", 17_000, 1, "round-robin"],
  ["a pool that holds all of them", 200_000, 1, "round-robin"],
  ["two replicas behind a router that knows prefixes", 60_000, 2, "prefix-aware"],
] as const)("%s", (_, blocks, replicas, router) => {
  (isThere ? test : test.skip)("gives the same run fast and step by step", async () => {
    const fast = await simulated("fast", blocks, replicas, router);
    const step = await simulated("step", blocks, replicas, router);
    expect(fast.steps.in_runs).toBeGreaterThan(500);
    expect(JSON.stringify(fast.result)).toBe(JSON.stringify(step.result));
  });
});
