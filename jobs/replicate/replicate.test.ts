import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { BackendError, loadSchema, type EngineJitter, type Profile } from "../../formats/index.js";
import { readProfile } from "../../formats/files/index.js";
import { capacityOf, planPolicy, simulateRun, workloadFromLengths, type SimulatedRunInput } from "../../sim/index.js";
import type { PredictedInterval, PredictedIntervals } from "./merge.js";
import { lanesFor, replicationLane } from "./lanes.js";
import { replicate, type Replicated, type ReplicateOptions } from "./replicate.js";
import { baseOf, runReplication, runTask } from "./task.js";

/** A profile that keeps no draws of its fit. */
const server = { ...readProfile("profiles/h100-llama-3.1-8b-vllm-0.26.json"), cost_draws: undefined };
const batches = readProfile("profiles/h100-gpt2-fp32.json");
const load = loadSchema.parse({
  dataset_name: "random",
  random_input_len: 64,
  random_output_len: 20,
  random_range_ratio: 0.5,
  num_prompts: 60,
  request_rate: 20,
});

function input(change: Partial<SimulatedRunInput> = {}): SimulatedRunInput {
  const plan = planPolicy("vllm", {}, { source: "test" });
  const workload = workloadFromLengths(change.load ?? load, "1");
  return { plan, profile: server, workload, load, seed: "1", coldStart: false, ...change };
}

function batchInput(change: Partial<SimulatedRunInput> = {}): SimulatedRunInput {
  const plan = planPolicy("naive", { batch_size: 4, timeout_s: 0.02 }, { source: "test" });
  return input({ plan, profile: batches, ...change });
}

/** The server's profile with this jitter, and draws of a cost of the GPU, whose logarithms spread by so much. */
function serverWith({ jitter, draws }: { jitter?: Partial<EngineJitter>; draws?: readonly number[] }): Profile {
  const { cost } = server;
  if (cost.kind !== "vllm_engine") throw new Error("the profile is of a vLLM engine");
  const own = jitter === undefined ? cost : { ...cost, jitter: { host_states: [], run_spread: 0, ...jitter } };
  const names = ["gpu.decode_base_ns", "gpu.prefill_base_ns"];
  const values = draws?.map((factor) => [factor * cost.gpu.decode_base_ns, factor * cost.gpu.prefill_base_ns]);
  return { ...server, cost: own, ...(values === undefined ? {} : { cost_draws: { names, values } }) };
}

const factors = Array.from({ length: 40 }, (_, i) => 0.8 + (0.4 * ((i * 17) % 40)) / 39);

function intervalOf({ run }: Replicated, key: string): PredictedInterval {
  return (run.info.intervals as PredictedIntervals)[key]!;
}

async function numberOf(options: ReplicateOptions, given = input()): Promise<number> {
  return (await replicate(given, options)).summaries.length;
}

test("the first replication is the run of the seed, the next have seeds of their own, the keys are means", async () => {
  const { run, summaries } = await replicate(input(), { replications: 3 });
  const alone = ["1", "1/1", "1/2"].map((seed) => simulateRun(input({ seed })));
  expect(summaries).toEqual(alone.map(({ info }) => info.summary));
  expect(run.requests).toEqual(alone[0]!.requests);
  const means = alone.map(({ info }) => info.summary!.mean_tpot_ms as number);
  expect(run.info.summary!.mean_tpot_ms).toBeCloseTo((means[0]! + means[1]! + means[2]!) / 3, 9);
  expect(run.info).toMatchObject({ replications: 3, seed: "1", summary: { completed: 60 } });
});

test("one replication is one run, with its own summary and without intervals", async () => {
  const { run } = await replicate(input(), { replications: 1 });
  const { info } = simulateRun(input());
  expect(run.info).toEqual({ ...info, replications: 1 });
});

test("intervals hold the mean, and as many are made as they need", async () => {
  const found = await replicate(input());
  expect(found.summaries.length).toBeGreaterThanOrEqual(12);
  expect(found.summaries.length).toBeLessThanOrEqual(50);
  for (const key of ["mean_ttft_ms", "mean_tpot_ms", "p99_e2el_ms", "output_throughput"]) {
    const { low, high } = intervalOf(found, key);
    const value = found.run.info.summary![key] as number;
    expect(low).toBeLessThan(value);
    expect(high).toBeGreaterThan(value);
  }
  expect(await numberOf({ replications: 11 })).toBe(11);
});

test("fewer replications do where nothing varies much", async () => {
  const steady = serverWith({ jitter: { gpu: { quantiles: [[0, 0.999], [1, 1.001]] } } }); // prettier-ignore
  const alone = { ...load, request_rate: undefined, max_concurrency: 1 };
  expect(await numberOf({}, input({ profile: steady, load: alone }))).toBe(12);
});

test("the spread is told by cause: chance in single times, pace of the run, calibration", async () => {
  const spread = async (profile: Profile): Promise<PredictedInterval> =>
    intervalOf(await replicate(input({ profile }), { replications: 24 }), "mean_e2el_ms");
  const shaky = { output: { quantiles: [[0, 0.5], [1, 1.5]] as [number, number][] } }; // prettier-ignore
  const chance = await spread(serverWith({ jitter: shaky }));
  expect(chance).toMatchObject({ from_run: null, from_calibration: null });
  expect(chance.from_seed).toBeGreaterThan(0);
  const pace = await spread(serverWith({ jitter: { ...shaky, run_spread: 0.1 } }));
  expect(pace.from_run).toBeGreaterThan(3 * pace.from_seed!);
  const costs = await spread(serverWith({ jitter: shaky, draws: factors }));
  expect(costs.from_calibration).toBeGreaterThan(3 * costs.from_seed!);
  const all = await spread(serverWith({ jitter: { ...shaky, run_spread: 0.1 }, draws: factors }));
  expect(all.from_run).toBeGreaterThan(all.from_seed!);
  expect(all.from_calibration).toBeGreaterThan(all.from_seed!);
  // Uncertain costs make the interval wider.
  expect(costs.high - costs.low).toBeGreaterThan(2 * (chance.high - chance.low));
});

test("batches vary as their repeats did, and by the draws of their coefficients", async () => {
  const found = await replicate(batchInput({ jitter: true }), { replications: 20 });
  const { low, high, from_seed, from_run, from_calibration } = intervalOf(found, "mean_e2el_ms");
  expect(low).toBeLessThan(high);
  expect(from_seed).toBeGreaterThan(0);
  expect(from_calibration).not.toBeNull();
  expect(from_run).toBeNull();
  expect(found.run.info.notes!.join()).toMatch(/does not say how the pace of its machine differs from run to run/);
  const steady = await replicate(batchInput({ jitter: false }), { replications: 8 });
  expect(intervalOf(steady, "mean_e2el_ms").from_seed).toBe(0);
  expect(steady.run.info.notes!.join()).toMatch(/too narrow: with jitter off no time varies/);
});

test("a profile without draws of its fit is reported once", async () => {
  const { run } = await replicate(input(), { replications: 8 });
  const told = run.info.notes!.filter((note) => note.includes("calibration uncertainty unknown"));
  expect(told).toHaveLength(1);
  const drawn = await replicate(input({ profile: serverWith({ draws: factors }) }), { replications: 8 });
  expect((drawn.run.info.notes ?? []).join()).not.toContain("calibration uncertainty unknown");
});

test("where nothing varies one run is made and says why, and a number of them is a mistake", async () => {
  const still = input({ jitter: false });
  const { run } = await replicate(still);
  expect(run.info.replications).toBe(1);
  expect(run.info.intervals).toBeUndefined();
  expect(run.info.notes!.join()).toMatch(/no intervals: with jitter off .*calibration uncertainty unknown/);
  await expect(replicate(still, { replications: 5 })).rejects.toThrow(/replications would all be the same: .*once/);
});

test("loads are drawn anew where that is asked for", async () => {
  const seeds: string[] = [];
  const resample = (seed: string) => {
    seeds.push(seed);
    return Promise.resolve(workloadFromLengths(load, seed));
  };
  const { summaries } = await replicate(input(), { replications: 4, resample });
  expect(seeds).toEqual(["1/1", "1/2", "1/3"]);
  expect(new Set(summaries.map((summary) => summary.total_output_tokens)).size).toBeGreaterThan(1);
});

test("a replication gives the same result alone, after others, and after one with the same draw", () => {
  const jitter = { output: { quantiles: [[0, 0.5], [1, 1.5]] as [number, number][] } }; // prettier-ignore
  const drawn = input({ profile: serverWith({ jitter, draws: factors }) });
  const tasks = [3, 1, 3, null].map((draw, index) => ({ index, seed: `1/${index}`, draw }));
  const together = baseOf(drawn, true);
  const results = tasks.map((task) => runReplication(together, task).result);
  expect(results).toEqual(tasks.map((task) => runReplication(baseOf(drawn, true), task).result));
  expect(results[2]!.steady).toEqual(results[0]!.steady);
  expect(results[2]!.summary).not.toEqual(results[0]!.summary);
  expect(results[1]!.steady).not.toEqual(results[0]!.steady);
});

describe("worker threads", () => {
  const many = input({ profile: serverWith({ draws: factors }) });

  test("give the same result in any number", async () => {
    const [own, two, three] = await Promise.all(
      [1, 2, 3].map(async (workers) => await replicate(many, { replications: 9, workers })),
    );
    expect(two!.summaries).toEqual(own!.summaries);
    expect(three!.run.info).toEqual(own!.run.info);
  });

  test("stop where the intervals are known, the same in any number", async () => {
    const [one, two] = await Promise.all([1, 2].map((workers) => replicate(many, { workers })));
    expect(two!.run.info).toEqual(one!.run.info);
  });

  test("end at once when they are asked to", async () => {
    const controller = new AbortController();
    const onProgress = (done: number): void => {
      if (done === 2) controller.abort(new Error("enough of it"));
    };
    const made = replicate(many, { replications: 50, workers: 2, signal: controller.signal, onProgress });
    await expect(made).rejects.toThrow("enough of it");
    await expect(replicate(many, { signal: controller.signal })).rejects.toThrow("enough of it");
  });

  test("hand a mistake back as the mistake it is", async () => {
    const broken = { ...many, profile: serverWith({ draws: [-1] }) };
    await expect(replicate(broken, { replications: 9, workers: 2 })).rejects.toThrow(/draw 0 .*decode_base_ns: got -/);
  });

  test("that die are an error with the cause, not silence", async () => {
    const folder = mkdtempSync(join(tmpdir(), "servesim-lanes-"));
    try {
      const dying = { exit: "process.exit(7)", throw: 'throw new Error("no disk left")' };
      for (const [name, statement] of Object.entries(dying)) {
        const path = join(folder, `${name}.mjs`);
        const text = `import { parentPort } from "node:worker_threads"; parentPort.on("message", () => { ${statement}; });`;
        writeFileSync(path, text);
        const lane = replicationLane(baseOf(input(), false), pathToFileURL(path));
        const task = { index: 1, seed: "1/1", draw: null };
        const error: unknown = await lane.run(task).catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(BackendError);
        expect((error as Error).message).toMatch(name === "exit" ? /died: exit code 7/ : /died: no disk left/);
        await expect(lane.run(task)).rejects.toThrow(BackendError);
        await lane.close();
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test("answer as this thread does", async () => {
    const base = baseOf(many, true);
    const task = { index: 3, seed: "1/3", draw: 5 };
    const lane = replicationLane(base);
    try {
      expect(await lane.run(task)).toEqual(runTask(base, task));
    } finally {
      await lane.close();
    }
  });

  test("find the capacity of the load beside its replications, as one does alone", async () => {
    const expected = capacityOf(many);
    const given = [{ replications: 1 }, { replications: 9, workers: 1 }, { replications: 9, workers: 3 }];
    for (const options of given) {
      const { capacity, summaries } = await replicate(many, { ...options, capacity: true });
      expect(capacity).toEqual(expected);
      expect(summaries).toHaveLength(options.replications);
    }
    expect((await replicate(many, { replications: 9, workers: 2 })).capacity).toBeUndefined();
  });

  test("are fewer where the load is large, and this one then goes on with them", () => {
    expect(lanesFor(1, 100)).toEqual({ isOwn: true, others: 0 });
    expect(lanesFor(8, 100_000)).toEqual({ isOwn: false, others: 8 });
    expect(lanesFor(2, 500_000)).toEqual({ isOwn: false, others: 2 });
    expect(lanesFor(16, 500_000)).toEqual({ isOwn: true, others: 2 });
    expect(lanesFor(16, 1_000_000)).toEqual({ isOwn: true, others: 0 });
  });
});
