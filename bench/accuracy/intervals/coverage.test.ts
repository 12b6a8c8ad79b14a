import { loadSchema, type Profile, type Run } from "../../../formats/index.js";
import { readProfile } from "../../../formats/files/index.js";
import { planPolicy, simulateRun, workloadFromLengths } from "../../../sim/index.js";
import { coverageByKind, coverageOf, coverRun, type CoveredRun } from "./coverage.js";
import { kindOfLoad } from "./load-kind.js";
import { isInFit, profileNameOf, repeatsFit } from "./profile-of.js";

const shipped = readProfile("profiles/h100-llama-3.1-8b-vllm-0.26.json");

/** The shipped profile as its own truth: hosts differ from run to run, and the fit leaves a cost of the GPU open. */
const profile: Profile = (() => {
  const { cost } = shipped;
  if (cost.kind !== "vllm_engine" || cost.jitter === undefined) throw new Error("the profile has jitter");
  const values = Array.from({ length: 50 }, (_, i) => [
    cost.gpu.decode_base_ns * (0.97 + (0.06 * ((i * 23) % 50)) / 49),
  ]);
  return {
    ...shipped,
    cost: { ...cost, jitter: { ...cost.jitter, run_spread: 0.05 } },
    cost_draws: { names: ["gpu.decode_base_ns"], values },
  };
})();

/** A run "recorded" on such a server: simulated with a seed of its own, a host of its own and one of the costs. */
function recorded(seed: string, change: Record<string, unknown> = {}): Run {
  const load = loadSchema.parse({
    dataset_name: "random",
    random_input_len: 128,
    random_output_len: 48,
    random_range_ratio: 0.5,
    num_prompts: 150,
    request_rate: 40,
    ...change,
  });
  const plan = planPolicy("vllm", {}, { source: "test" });
  const workload = workloadFromLengths(load, `load/${seed}`);
  const { cost, cost_draws } = profile;
  if (cost.kind !== "vllm_engine") throw new Error("the profile is of a vLLM engine");
  const truth = cost_draws!.values[(Number(seed) * 7) % 50]![0]!;
  const drawn = { ...profile, cost: { ...cost, gpu: { ...cost.gpu, decode_base_ns: truth } } };
  const run = simulateRun({ plan, profile: drawn, workload, load, seed: `real/${seed}`, coldStart: false });
  const { settings } = profile.engine;
  return {
    info: { ...run.info, source: "real", engine: { name: "vllm", version: "0.26.0", settings } },
    batches: [],
    requests: run.requests,
  };
}

test("of runs that vary as the profile says, nine of ten statistics lie in the interval", async () => {
  const loop = { request_rate: undefined, max_concurrency: 4, num_prompts: 36, random_output_len: 16 };
  const covered: CoveredRun[] = [];
  for (let i = 0; i < 16; i++) {
    const recording = { name: `llama8b/made-r${i}`, run: recorded(String(i), loop), profile };
    // Seeds of their own: the same replications for all would be narrow, or wide, for all.
    covered.push((await coverRun(recording, { seed: `cover/${i}`, replications: 14 }))!);
  }
  const { all } = coverageByKind(covered);
  // Of 36 requests the 95th and 99th percentiles are hidden, and the 90th where they depend on each other.
  expect(all.runs).toBe(16);
  expect(all.statistics).toBeGreaterThan(16 * 5);
  expect(all.statistics).toBeLessThanOrEqual(16 * 6);
  expect(all.coverage).toBeGreaterThan(0.8);
  expect(all.coverage).toBeLessThan(0.98);
});

test("a server that is slower than its profile lies outside", async () => {
  const run = recorded("3");
  const slower = run.requests.map((request) => ({ ...request, lastTokenNs: request.arrivalNs + 1.5 * (request.lastTokenNs! - request.arrivalNs) })); // prettier-ignore
  const { statistics } = (await coverRun(
    { name: "llama8b/slow-r1", run: { ...run, requests: slower }, profile },
    { seed: "1", replications: 20 },
  ))!;
  const tpots = statistics.filter(({ key }) => key.includes("tpot"));
  expect(tpots.length).toBeGreaterThan(1);
  expect(tpots.filter(({ inside }) => inside)).toEqual([]);
});

test("runs of the fit are left out, and runs that repeat one are marked", async () => {
  const fitted = {
    ...profile,
    source: "fitted to recorded runs of vLLM 0.26.0: llama8b/probes, llama8b/poisson-light-r1; the server",
  };
  expect(isInFit(fitted, "llama8b/poisson-light-r1")).toBe(true);
  expect(isInFit(fitted, "llama8b/poisson-light-r11")).toBe(false);
  expect(repeatsFit(fitted, "llama8b/poisson-light-r2")).toBe(true);
  expect(repeatsFit(fitted, "llama8b/closed-c10-r1")).toBe(false);
  const run = recorded("1");
  expect(await coverRun({ name: "llama8b/poisson-light-r1", run, profile: fitted }, { seed: "1" })).toBeNull();
});

test("a setting has the profile of the longest name that it begins with", () => {
  expect(profileNameOf("llama8b-s256/over-r1")).toBe("h100-llama-3.1-8b-vllm-0.26");
  expect(profileNameOf("llama8b-sync/heavy-r1")).toBe("h100-llama-3.1-8b-vllm-0.26-sync");
  expect(profileNameOf("gpt2-kv1200/kvpressure-r1")).toBe("h100-gpt2-vllm-0.26");
  expect(() => profileNameOf("qwen/light-r1")).toThrow(/no shipped profile is of qwen.*--profile FILE/);
});

test("loads are told apart by what the server can do", () => {
  const kindAt = (change: Record<string, unknown>) => kindOfLoad(profile, recorded("2", change));
  const { utilisation } = kindAt({ request_rate: 10 });
  const capacity = 10 / utilisation!;
  expect(kindAt({ request_rate: 0.5 * capacity }).kind).toBe("below capacity");
  expect(kindAt({ request_rate: 2 * capacity }).kind).toBe("over capacity");
  expect(kindAt({ request_rate: undefined, max_concurrency: 8 })).toEqual({ kind: "closed loop", utilisation: null });
});

test("the check needs several runs to call a coverage wrong", () => {
  const runs = (inside: readonly number[]): CoveredRun[] =>
    inside.map((count) => ({
      recording: "a/b",
      profile: "p",
      kind: "below capacity",
      utilisation: 0.5,
      repeats_fit: false,
      replications: 20,
      statistics: Array.from({ length: 12 }, (_, i) => ({
        key: "k",
        real: 1,
        sim: 1,
        low: 0,
        high: 2,
        inside: i < count,
      })),
    }));
  expect(coverageOf([])).toMatchObject({ coverage: null, verdict: "no runs" });
  expect(coverageOf(runs([11, 10, 11])).verdict).toBe("as wanted");
  expect(coverageOf(runs([0])).verdict).toBe("cannot tell");
  expect(coverageOf(runs([9, 12, 8])).verdict).toBe("cannot tell");
  expect(coverageOf(runs([4, 6, 5, 4, 6, 5]))).toMatchObject({ inside: 30, statistics: 72, verdict: "too narrow" });
  expect(coverageOf(runs(Array.from({ length: 30 }, () => 12))).verdict).toBe("too wide");
});
