/** Cases made by hand, each with one cause for its waiting: that cause must be what the explanation finds. */
import { loadSchema, type Workload, type WorkloadRequest } from "../../formats/index.js";
import { readProfile } from "../../formats/files/index.js";
import {
  explainRun,
  partNames,
  planPolicy,
  sumOfParts,
  workloadFromLengths,
  type ExplainedRun,
  type PartName,
  type Parts,
} from "../../sim/index.js";

const server = readProfile("profiles/h100-llama-3.1-8b-vllm-0.26.json");
const machine = readProfile("profiles/mini-cpu-2core.json");
const load = loadSchema.parse({});

interface Case {
  readonly requests: readonly (Partial<WorkloadRequest> & { readonly atMs?: number })[];
  readonly settings?: object;
}

function explained({ requests, settings = {} }: Case): ExplainedRun {
  const workload: Workload = {
    requests: requests.map(({ atMs = 0, ...of }, index) => ({
      id: String(index),
      promptTokens: 100,
      outputTokens: 20,
      arrivalNs: atMs * 1e6,
      ...of,
    })),
    maxConcurrency: Infinity,
    thinkNs: 0,
  };
  const plan = planPolicy("vllm", settings, { source: "test" });
  return explainRun({ plan, profile: server, workload, load, seed: "1", coldStart: false, jitter: false });
}

/** The largest part, and its share of the whole. */
function largest(parts: Parts): { readonly name: PartName; readonly share: number } {
  const name = partNames.reduce((most, other) => (parts[other] > parts[most] ? other : most));
  return { name, share: parts[name] / sumOfParts(parts) };
}

const many = (count: number, of: Case["requests"][number] = {}): Case["requests"] =>
  Array.from({ length: count }, () => of);

test("a long prompt stalls the decodes of the others", () => {
  const requests = [...many(4, { outputTokens: 60 }), { atMs: 100, promptTokens: 16_000, outputTokens: 2 }];
  const settings = { max_num_batched_tokens: 8192, max_model_len: 20_000 };
  const alone = explained({ requests: many(4, { outputTokens: 60 }), settings }).requests[0]!;
  const beside = explained({ requests, settings }).requests[0]!;
  expect(largest(beside.rest).name).toBe("others_prefill");
  expect(alone.rest.others_prefill).toBe(0);
  // What the answer takes longer is what the others' prompt took.
  const longer = sumOfParts(beside.rest) - sumOfParts(alone.rest);
  expect(beside.rest.others_prefill / longer).toBeGreaterThan(0.9);
});

test("too few slots: requests wait for a slot while others run", () => {
  const { requests } = explained({ requests: many(6, { outputTokens: 200 }), settings: { max_num_seqs: 2 } });
  expect(largest(requests[5]!.first)).toMatchObject({ name: "seats" });
  expect(largest(requests[5]!.first).share).toBeGreaterThan(0.9);
  expect(requests[0]!.first.seats).toBe(0);
});

test("too few blocks: requests wait for memory, or lose it and compute again", () => {
  const settings = { num_gpu_blocks: 100, max_model_len: 1400, enable_prefix_caching: false };
  const waiting = explained({ requests: many(3, { promptTokens: 1000, outputTokens: 100 }), settings }).requests;
  expect(largest(waiting[2]!.first)).toMatchObject({ name: "kv_blocks" });
  const growing = explained({ requests: many(4, { promptTokens: 330, outputTokens: 300 }), settings });
  expect(growing.outcome.facts.preemptions).toBeGreaterThan(0);
  const most = growing.requests.reduce((a, b) => (b!.rest.preemption > a!.rest.preemption ? b : a))!;
  expect(most.rest.preemption / sumOfParts(most.rest)).toBeGreaterThan(0.3);
});

test("a burst: prompts wait for the token budget of the steps before them, and for the prompts in their own", () => {
  const burst = explained({ requests: many(40, { promptTokens: 1000, outputTokens: 4 }) }).requests.at(-1)!;
  expect(["token_budget", "others_prefill"]).toContain(largest(burst.first).name);
  expect(burst.first.token_budget).toBeGreaterThan(0.5 * sumOfParts(burst.first));
  const requests = Array.from({ length: 40 }, (_, index) => ({
    atMs: 200 * index,
    promptTokens: 1000,
    outputTokens: 4,
  }));
  const even = explained({ requests }).requests.at(-1)!;
  expect(even.first.token_budget).toBe(0);
  expect(largest(even.first).name).toBe("own_prefill");
});

test("many decodes at once: their own steps take the time, beside as many as there are", () => {
  const { requests } = explained({ requests: many(64, { promptTokens: 20, outputTokens: 100 }) });
  const { rest, decodeNs, besideNs } = requests[10]!;
  expect(largest(rest).name).toBe("decode");
  expect(besideNs / decodeNs).toBeGreaterThan(60);
});

test("static batches: requests wait for the batch to fill, for the one before, and for its longest answer", () => {
  const plan = planPolicy("naive", { batch_size: 2, timeout_s: 1 }, { source: "test" });
  const at = (ms: number, outputTokens: number, index: number): WorkloadRequest => ({
    id: String(index),
    promptTokens: 20,
    outputTokens,
    arrivalNs: ms * 1e6,
  });
  const requests = [at(0, 5, 0), at(300, 40, 1), at(301, 5, 2), at(302, 5, 3)];
  const workload = { requests, maxConcurrency: Infinity, thinkNs: 0 };
  const input = { plan, profile: machine, workload, load, seed: "1", coldStart: false, jitter: false };
  const [first, , third] = explainRun(input).requests;
  expect(largest(first!.first)).toMatchObject({ name: "batch_filling" });
  expect(first!.rest.batch_longest / sumOfParts(first!.rest)).toBeCloseTo(1 - 4 / 39, 6);
  expect(largest(third!.first)).toMatchObject({ name: "batch_running" });
});

test.each(["naive", "dynamic", "vllm", "orca"])(
  "%s: the parts of a run of many requests add up, request by request",
  (name) => {
    const own = loadSchema.parse({
      dataset_name: "random",
      random_input_len: 40,
      random_output_len: 20,
      random_range_ratio: 0.8,
      request_rate: 40,
      num_prompts: 300,
    });
    const plan = planPolicy(name, {}, { source: "test" });
    const workload = workloadFromLengths(own, "3");
    const { outcome, requests } = explainRun({
      plan,
      profile: machine,
      workload,
      load: own,
      seed: "3",
      coldStart: false,
      jitter: false,
    });
    const { table } = outcome;
    for (const [row, parts] of requests.entries()) {
      const wholeNs = table.lastTokenNs[row]! - table.arrivalNs[row]!;
      expect(Math.abs(sumOfParts(parts!.first) + sumOfParts(parts!.rest) - wholeNs)).toBeLessThan(0.01);
      for (const part of partNames) expect(parts!.first[part] + parts!.rest[part]).toBeGreaterThanOrEqual(-0.01);
    }
  },
);
