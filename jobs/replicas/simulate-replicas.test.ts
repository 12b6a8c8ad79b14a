import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { BackendError, ConfigError, LATEST_MS, loadSchema, type Run } from "../../formats/index.js";
import { readProfile } from "../../formats/files/index.js";
import { planPolicy, simulateRun, workloadFromLengths, type SimulatedRunInput } from "../../sim/index.js";
import { simulateReplicas, threadsForReplicas } from "./simulate-replicas.js";

const profile = readProfile("profiles/h100-llama-3.1-8b-vllm-0.26.json");
const load = loadSchema.parse({
  dataset_name: "random",
  random_input_len: 300,
  random_output_len: 40,
  random_range_ratio: 0.5,
  num_prompts: 400,
  request_rate: 90,
  classes: "chat:share=1;batch:share=1,priority=1",
});

function input(
  change: Partial<SimulatedRunInput> = {},
  settings: Readonly<Record<string, unknown>> = {},
): SimulatedRunInput {
  const plan = planPolicy("vllm", settings, { source: "test" });
  const workload = workloadFromLengths(load, "1");
  return { plan, profile, workload, load, seed: "1", coldStart: false, replicas: 3, ...change };
}

function told({ info, requests }: Run): unknown {
  return { info, requests };
}

/** Requests that come at the latest moment that there is: their answers are beyond it. */
function tooLate(): SimulatedRunInput {
  const arrivalNs = LATEST_MS * 1e6;
  const { workload } = input();
  const requests = workload.requests.slice(0, 6).map((request) => ({ ...request, arrivalNs }));
  return input({ workload: { ...workload, requests }, jitter: false });
}

test.each([
  ["times that vary, priorities", { router: "random" as const }, { scheduling_policy: "priority" }, {}],
  [
    "mean times, rejections",
    { jitter: false },
    { vllm_version: "0.31.0", max_num_queued_reqs: 12 },
    { isRejected: true },
  ],
  ["preemptions", { engine: "fast" as const }, { num_gpu_blocks: 90 }, { isPreempted: true }],
  ["data parallel engines", { replicas: 2 }, { data_parallel_size: 2 }, {}],
])("on any number of threads it is the run of one: %s", async (_, change, settings, shown) => {
  const given = input(change, settings);
  const one = simulateRun(given);
  const alone = told(one);
  const isPreempted = Number(one.info.preemptions) > 0;
  const isRejected = one.requests.some(({ status }) => status === "refused");
  expect({ isPreempted, isRejected }).toEqual({ isPreempted: false, isRejected: false, ...shown });
  for (const workers of [2, 4]) {
    const run = await simulateReplicas(given, { workers });
    expect(told(run!)).toEqual(alone);
  }
});

test("an error in a thread is the one of a single thread", async () => {
  const said = (error: unknown): string => `${(error as Error).name}: ${(error as Error).message}`;
  let alone = "";
  try {
    simulateRun(tooLate());
  } catch (error) {
    alone = said(error);
  }
  expect(alone).toMatch(/^ConfigError: the run takes more than \d+ s, expected at most 104 days/);
  const thrown: unknown = await simulateReplicas(tooLate(), { workers: 3 }).catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(ConfigError);
  expect(said(thrown)).toBe(alone);
});

test("a thread that dies is an error with its cause", async () => {
  const folder = mkdtempSync(join(tmpdir(), "servesim-replicas-"));
  const program = join(folder, "dies.mjs");
  writeFileSync(program, "process.exit(7);\n");
  const ran = simulateReplicas(input(), { workers: 2, program: pathToFileURL(program) });
  await expect(ran).rejects.toThrow(BackendError);
  await expect(ran).rejects.toThrow(
    "a worker thread of the simulation died: exit code 7; simulate --workers 1 starts none",
  );
  rmSync(folder, { recursive: true });
});

test("threads are as many as cores and replicas, where they have enough to do", () => {
  const threads = (replicas: number, outputTokens: number, cores: number): number =>
    threadsForReplicas({ replicas }, outputTokens, cores);
  expect([threads(8, 1e9, 4), threads(3, 1e9, 4), threads(1, 1e9, 4), threads(8, 1e9, 1)]).toEqual([4, 3, 1, 1]);
  expect([threads(2, 7.9e7, 2), threads(2, 8e7, 2), threads(4, 5.4e7, 4)]).toEqual([1, 2, 4]);
});

test.each([
  ["one thread", { replicas: 3 }, 1],
  ["one replica", { replicas: 1 }, 4],
  ["a router that looks at the replicas", { router: "least-outstanding" as const }, 4],
  ["clients that wait for answers", { workload: { ...input().workload, maxConcurrency: 50 } }, 4],
  ["whole batches", { plan: planPolicy("naive", {}, { source: "test" }) }, 4],
  ["a known pace", { paceAt: () => 1 }, 4],
])("is left to the simulation of the whole: %s", async (_, change, workers) => {
  expect(await simulateReplicas(input(change), { workers })).toBeUndefined();
});
