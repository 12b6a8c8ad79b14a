/** Several machines that run whole batches behind a router, on one clock. */
import { readFileSync } from "node:fs";
import { ConfigError, loadSchema, profileSchema, type Profile, type Workload } from "../../formats/index.js";
import { planPolicy, policyNames } from "../policy/index.js";
import { workloadFromLengths } from "../workload/index.js";
import { routersFor, type RouterName } from "../router/index.js";
import { simulateOutcome } from "./simulate-run.js";

const profileAt = (name: string): Profile =>
  profileSchema.parse(JSON.parse(readFileSync(`profiles/${name}.json`, "utf8")));
const profile = profileAt("mini-cpu-2core");
const load = loadSchema.parse({
  dataset_name: "random",
  random_input_len: 40,
  random_output_len: 20,
  random_range_ratio: 0.5,
  request_rate: 40,
  num_prompts: 200,
});
const workload = workloadFromLengths(load, "1");

interface Asked {
  readonly name: string;
  readonly workload?: Workload;
  readonly replicas?: number;
  readonly router?: RouterName;
  readonly profile?: Profile;
}

function outcome({ name, replicas, router, ...rest }: Asked): ReturnType<typeof simulateOutcome> {
  const plan = planPolicy(name, {}, { source: name });
  return simulateOutcome({ plan, profile, workload, load, seed: "1", coldStart: false, jitter: false, replicas, router, ...rest }); // prettier-ignore
}

function latencies(asked: Asked): number[] {
  const { table } = outcome(asked);
  return Array.from({ length: table.rows }, (_, row) => table.lastTokenNs[row]! - table.arrivalNs[row]!);
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const batchPolicies = policyNames.filter((name) => ["naive", "dynamic"].includes(name));

test.each(batchPolicies)("replicas of %s under round-robin serve every third request as one machine would", (name) => {
  const whole = outcome({ name, replicas: 3 });
  for (let machine = 0; machine < 3; machine++) {
    const requests = workload.requests.filter((_, index) => index % 3 === machine);
    const part = outcome({ name, workload: { ...workload, requests } });
    const ends = whole.table.lastTokenNs.filter((_, index) => index % 3 === machine);
    expect([...ends]).toEqual([...part.table.lastTokenNs]);
  }
  expect(new Set(whole.batches.map(({ batchId }) => batchId)).size).toBe(whole.batches.length);
});

test("replicas share the load: none is left out by any router, and two are quicker than one that is overloaded", () => {
  const alone = mean(latencies({ name: "naive" }));
  for (const router of routersFor(false)) {
    expect(mean(latencies({ name: "naive", replicas: 2, router }))).toBeLessThan(0.5 * alone);
  }
});

test("closed loops keep their number of clients over all machines", () => {
  const closed = {
    ...workload,
    maxConcurrency: 8,
    requests: workload.requests.map(({ id, promptTokens, outputTokens }) => ({ id, promptTokens, outputTokens })),
  };
  const { table } = outcome({ name: "naive", workload: closed, replicas: 2, router: "least-outstanding" });
  const inSystem = (atNs: number): number =>
    [...table.sentNs].filter((sentNs, row) => sentNs <= atNs && table.lastTokenNs[row]! > atNs).length;
  expect(Math.max(...[...table.sentNs].map(inSystem))).toBe(8);
});

test("batches in front of a vLLM server have one server", () => {
  const vllm = profileAt("h100-llama-3.1-8b-vllm-0.26");
  expect(() => outcome({ name: "naive", profile: vllm, replicas: 2 })).toThrow(ConfigError);
  expect(() => outcome({ name: "naive", profile: vllm, replicas: 2 })).toThrow(/in front of a vLLM server/);
});

test.each(["naive", "dynamic"])("%s has no prefix cache and rejects the routers that go by one, by name", (name) => {
  for (const router of ["session-affinity", "prefix-aware"] as const) {
    for (const replicas of [1, 2]) {
      expect(() => outcome({ name, replicas, router })).toThrow(
        new ConfigError(
          `router ${router}: it needs prefix caches, ${name} has none, expected one of round-robin, least-outstanding, random, power-of-two`,
        ),
      );
    }
  }
});
