/** An experiment whose cells of steps are run for real on this machine: calibrated, predicted at the pace of a step, compared. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { readProfile } from "../../../formats/files/index.js";
import type { Reporter } from "../../inputs/reporter.js";
import { paceAbout } from "../pace.js";
import { publish } from "../report/index.js";
import { runExperiment } from "../run-experiment.js";

let folder: string;
const { SERVESIM_CACHE: cache } = process.env;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "servesim-real-steps-"));
  process.env.SERVESIM_CACHE = join(folder, "cache");
});

afterAll(() => {
  if (cache === undefined) delete process.env.SERVESIM_CACHE;
  else process.env.SERVESIM_CACHE = cache;
  rmSync(folder, { recursive: true, force: true });
});

const notes: string[] = [];
const ignore = (): void => undefined;
const reporter: Reporter = {
  note: (line) => notes.push(line),
  warn: ignore,
  progress: () => ({ update: ignore, stop: ignore }),
};

async function run(text: string) {
  const path = join(folder, "experiment.yaml");
  writeFileSync(path, text);
  return runExperiment(path, { results: folder, force: false, signal: new AbortController().signal, reporter });
}

const cells = `num_runs: 2
policies: [{ policy: naive, batch_size: 2, timeout_s: 0.01 }, { policy: vllm, max_num_seqs: 3 }, { policy: orca, max_num_seqs: 2 }]
loads: [{ label: closed, num_prompts: 8, max_concurrency: 4, dataset_name: random, random_input_len: 12, random_output_len: 6 }]
`;

test("policies of batches and of steps are calibrated, predicted, run and compared alike", async () => {
  const experiment = `version: 1
name: steps
calibrate: { model: tiny, batch_sizes: [1, 2, 4], prompt_tokens: [4, 16], decode_steps: [2, 6], repeats: 2 }
${cells}`;
  const results = await publish(await run(experiment));
  expect(results.cells.map(({ name, real }) => [name, real.length])).toEqual([
    ["naive--closed", 2],
    ["vllm--closed", 2],
    ["orca--closed", 2],
  ]);
  for (const { name, sim, real, predictions, comparison } of results.cells) {
    expect(
      comparison!.metrics.find(({ metric, stat }) => metric === "e2el" && stat === "mean")!.error_fraction,
    ).not.toBeNull();
    expect(predictions!.map(({ info }) => info.simulated_at_pace)).toEqual(real.map((one) => paceAbout(one)!.before));
    for (const { info, requests } of [...real, sim]) {
      expect(requests.every(({ status }) => status === "ok")).toBe(true);
      if (name !== "naive--closed") expect(info.policy_settings).toMatchObject(sim.info.policy_settings!);
    }
  }
  const vllm = results.cells[1]!;
  expect(vllm.sim.info.policy_settings).toMatchObject({ async_scheduling: false, enable_prefix_caching: false });
  expect(vllm.sim.info.host_busy_ms).toBeGreaterThan(0);
  // In a closed loop of equal lengths the number of steps follows from the scheduler alone, but for who comes in time.
  expect(Math.abs((vllm.real[0]!.info.work_items as number) - (vllm.sim.info.work_items as number))).toBeLessThan(10);
  expect(readProfile(join(folder, "steps", "profile.json")).steps!.reference.ms).toBeGreaterThan(0);
});

test("on a profile without costs of steps, cells of steps are simulated only, which is told", async () => {
  notes.length = 0;
  const results = await publish(
    await run(`version: 1
name: batches
profile: ${resolve("profiles/mini-cpu-2core.json")}
${cells.replace("num_runs: 2", "num_runs: 1").replace("{ policy: naive, batch_size: 2, timeout_s: 0.01 }, ", "")}`),
  );
  expect(results.cells.map(({ real }) => real.length)).toEqual([0, 0]);
  expect(notes[0]).toMatch(/simulated only: vllm--closed, orca--closed; profile "mini-cpu" has no costs of steps/);
});
