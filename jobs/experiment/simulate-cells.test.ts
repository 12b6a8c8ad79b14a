import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadSchema, type CostTerm, type Profile, type StaticBatchCost } from "../../formats/index.js";
import { readProfile, readRun } from "../../formats/files/index.js";
import { mean, planPolicy } from "../../sim/index.js";
import { measuredSteps } from "../../sim/cost/measured-steps.fixture.js";
import type { CellWorkload } from "./cells.js";
import { simulateAtPace } from "./simulate-cells.js";
import { workloadOf } from "../inputs/workload-of.js";

let folder: string;
let work: CellWorkload;
const options = {
  profile: readProfile("profiles/mini-cpu-2core.json"),
  seed: "1",
  jitter: undefined,
  signal: new AbortController().signal,
};

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "servesim-at-pace-"));
  const load = loadSchema.parse({
    num_prompts: 6,
    max_concurrency: 2,
    dataset_name: "fixed",
    input_len: 8,
    output_len: 4,
  });
  const plan = planPolicy("naive", { batch_size: 2, timeout_s: 0.01 }, { source: "a test" });
  const cell = { name: "naive--closed", policyLabel: "naive", loadLabel: "closed", plan, load, coldStart: false };
  work = { cell, workload: await workloadOf(load, undefined, "1") };
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function simulate(name: string, pace: number): Promise<{ text: string; meanServiceMs: number; at: unknown }> {
  const path = join(folder, name);
  await simulateAtPace(work, options, { path, pace });
  const { info, batches } = await readRun(path);
  const text = readFileSync(join(path, "requests.csv"), "utf8") + readFileSync(join(path, "run.json"), "utf8");
  return {
    text,
    meanServiceMs: mean(batches.map(({ startNs, endNs }) => (endNs - startNs) / 1e6)),
    at: info.simulated_at_pace,
  };
}

test("at a slower pace batches take as much longer, and the run says at which pace it was simulated", async () => {
  const [asCalibrated, slower] = [await simulate("a", 1), await simulate("b", 1.25)];
  expect(slower.meanServiceMs / asCalibrated.meanServiceMs).toBeCloseTo(1.25, 4);
  expect([asCalibrated.at, slower.at]).toEqual([1, 1.25]);
});

test.each([
  ["naive", { batch_size: 2, timeout_s: 0.01 }],
  ["vllm", { max_num_seqs: 2 }],
] as const)("every replication of %s is at that pace, at the costs that it draws", async (policy, settings) => {
  const { profile } = options;
  const { prefill, decode_step } = profile.cost as StaticBatchCost;
  const drawn = (terms: readonly CostTerm[]): number[][] =>
    Array.from({ length: 2 }, () => terms.map((term) => term.coefficient_ns));
  const { dense, output, decode, prefill: chunks, move } = measuredSteps.terms;
  const draws = { dense: drawn(dense), output: drawn(output), decode: drawn(decode), prefill: drawn(chunks), move: drawn(move) }; // prettier-ignore
  const drawing: Profile = {
    ...profile,
    uncertainty: { prefill: drawn(prefill), decode_step: drawn(decode_step) },
    steps: { ...measuredSteps, draws },
  };
  const ofPolicy = { ...work, cell: { ...work.cell, plan: planPolicy(policy, settings, { source: "a test" }) } };
  const latencyMs = async (name: string, pace: number): Promise<number> => {
    await simulateAtPace(ofPolicy, { ...options, profile: drawing }, { path: join(folder, name), pace });
    const { info } = await readRun(join(folder, name));
    expect(info.replications).toBeGreaterThan(1);
    return (info.summary as { mean_e2el_ms: number }).mean_e2el_ms;
  };
  const ratio = (await latencyMs("b", 2)) / (await latencyMs("a", 1));
  // Batches wait for others at no pace.
  expect(Math.abs(ratio - 2)).toBeLessThan(0.05);
});

test("the same pace gives the same bytes, and what is there is kept", async () => {
  const first = await simulate("a", 1.1);
  expect((await simulate("b", 1.1)).text).toBe(first.text);
  writeFileSync(join(folder, "a", "mark"), "");
  await simulate("a", 1.1);
  expect(readFileSync(join(folder, "a", "mark"), "utf8")).toBe("");
});

test("a simulation at another pace, of a run that was cut short, is replaced", async () => {
  await simulate("a", 1.1);
  expect((await simulate("a", 1.2)).at).toBe(1.2);
});
