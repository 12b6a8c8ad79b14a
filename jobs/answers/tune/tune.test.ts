import {
  answerSchema,
  type Answer,
  ConfigError,
  loadSchema,
  parseSlos,
  parseGoodput,
  type Goals,
} from "../../../formats/index.js";
import { readProfile } from "../../../formats/files/index.js";
import type { Deployment } from "../run/deployment.js";
import { readSource } from "../load/load-source.js";
import { tuneAnswer } from "./tune-answer.js";
import { tuneGoal, type TuneGoal } from "./tune-goal.js";
import { tune, type Tuned, type TuneOptions } from "./tune.js";

const cpu = readProfile("profiles/mini-cpu-2core.json");
const lengths = { dataset_name: "fixed", input_len: 20, output_len: 10 };

interface Asked {
  readonly goal: string;
  readonly goals?: Goals;
  readonly policy?: string;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly load?: object;
  readonly options?: TuneOptions;
}

async function asked({
  goal: name,
  goals,
  policy = "naive",
  settings = {},
  load,
}: Asked): Promise<{ deployment: Deployment; goal: TuneGoal }> {
  // prettier-ignore
  const goal = tuneGoal(name, goals);
  const vary = goal.name === "throughput" ? "request_rate" : "replicas";
  const parsed = loadSchema.parse({ num_prompts: 600, ...lengths, ...(goal.name === "throughput" ? {} : { request_rate: 150 }), ...load }); // prettier-ignore
  const deployment: Deployment = {
    policy: { name: policy, settings },
    profile: cpu,
    load: parsed,
    source: await readSource(parsed, undefined, vary),
    vary,
    goals: goal.goals,
    seed: "1",
    jitter: undefined,
    engine: "fast",
    replicas: 1,
    router: "round-robin",
  };
  return { deployment, goal };
}

async function tuned(given: Asked): Promise<Tuned> {
  const { deployment, goal } = await asked(given);
  return tune(deployment, goal, { candidates: 10, replications: 4, workers: 1, ...given.options });
}

const average = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

test("the wait that delays every batch is found, and what makes no difference is left as it is", async () => {
  const given: Asked = {
    goal: "p95_e2el",
    policy: "dynamic",
    settings: { timeout_s: 1, max_time_wait_s: 1, memory_threshold: 0.8 },
  };
  const { best, base, verdict, sensitivity, front } = await tuned(given);
  expect(verdict).toBe("better");
  expect(average(best.values)).toBeLessThan(0.6 * average(base.values));
  const of = (setting: string): boolean => sensitivity.find((one) => one.setting === setting)!.matters;
  expect(of("max_time_wait_s") || of("timeout_s")).toBe(true);
  expect(of("memory_threshold")).toBe(false);
  expect(Object.keys(best.changes)).not.toContain("memory_threshold");
  expect(front[0]).toBe(best);
});

test("a setting that changes nothing stays, and nothing is ranked that pairs do not tell apart", async () => {
  const { best, base, verdict, front } = await tuned({ goal: "mean_e2el", policy: "dynamic", options: { settings: ["memory_threshold"] } }); // prettier-ignore
  expect(best).toBe(base);
  expect(best.changes).toEqual({});
  expect(["same", "unclear"]).toContain(verdict);
  expect(front).toEqual([best]);
});

test("what comes out depends neither on the threads nor on anything but the inputs", async () => {
  const told = ({ best, front, tried }: Tuned): unknown => [best.changes, best.values, front.map(({ changes }) => changes), tried]; // prettier-ignore
  const options = { candidates: 6, replications: 3 };
  const alone = await tuned({ goal: "p90_ttft", options: { ...options, workers: 1 } });
  expect(told(await tuned({ goal: "p90_ttft", options: { ...options, workers: 2 } }))).toEqual(told(alone));
});

test("the answer has the changed flags alone, the difference in pairs, and is valid by its schema", async () => {
  const given: Asked = { goal: "p95_e2el", settings: { batch_size: 1, timeout_s: 0.1 } };
  const found = await tuned(given);
  const answer = tuneAnswer({
    ...(await asked(given)),
    found,
    commandOf: (changes) => Object.keys(changes).join(" "),
    pricePerHour: 1,
    asked: {},
    commands: { reproduce: "", check: null },
  });
  expect(answer.tuning!.command).toBe(Object.keys(answer.tuning!.changes).join(" "));
  expect(answer.tuning!.changes.batch_size).toBeGreaterThan(1);
  expect(answer.tuning!.sensitivity.find(({ setting }) => setting === "batch_size")!.matters).toBe(true);
  expect(answer.value).toBeLessThan(answer.tuning!.base.value);
  expect(answer.cost!.per_request).toBeGreaterThan(0);
  expect(answerSchema.safeParse(answer).error).toBeUndefined();
});

test("throughput within a goal is the rate at which it is missed", async () => {
  const given: Asked = { goal: "throughput", goals: { slos: parseSlos("p90_e2el:200") }, settings: { batch_size: 1 } };
  const { best, base } = await tuned({
    ...given,
    options: { settings: ["batch_size"], candidates: 5, replications: 3 },
  });
  expect(best.changes).toEqual({ batch_size: 4 });
  expect(average(best.values)).toBeGreaterThan(1.5 * average(base.values));
});

test("goodput counts requests within all limits, and limits that nothing meets are said", async () => {
  const good = await tuned({ goal: "goodput", goals: { slos: [], goodput: parseGoodput("e2el:250", 0.9) }, settings: { timeout_s: 0.5 } }); // prettier-ignore
  expect(average(good.best.values)).toBeLessThan(160);
  expect(average(good.best.values)).toBeGreaterThan(average(good.base.values));
  const never = await tuned({ goal: "mean_tpot", goals: { slos: parseSlos("mean_e2el:1") }, options: { candidates: 4 } }); // prettier-ignore
  expect(never.verdict).toBe("cannot_be_met");
});

async function answerTo(given: Asked): Promise<Answer> {
  const commands = { reproduce: "", check: null };
  return tuneAnswer({ ...(await asked(given)), found: await tuned(given), commandOf: () => "", asked: {}, commands });
}

test("with a single request, and with settings under which none is answered, all figures are numbers", async () => {
  const few = { settings: ["batch_size"], candidates: 3, replications: 2 };
  const one = await answerTo({ goal: "mean_ttft", load: { num_prompts: 1 }, options: few });
  // Alone, it waits for no batch to fill.
  expect(one.tuning!.changes).toEqual({ batch_size: 1 });
  expect(one.tuning!.base.difference!.high).toBeLessThan(-0.9);
  // A prompt of 20 tokens with 10 of output needs 4 blocks of 8, of which one is reserved.
  const settings = { num_gpu_blocks: 4, block_size: 16 };
  const goals = { slos: [], goodput: parseGoodput("ttft:1000", 0.9) };
  const tight: Asked = { goal: "goodput", policy: "vllm", settings, goals, options: { settings: ["block_size"], candidates: 5, replications: 2 } }; // prettier-ignore
  const { best, base, front } = await tuned(tight);
  expect([best, base, ...front].flatMap(({ values }) => values).every(Number.isFinite)).toBe(true);
});

test("settings under which nothing is answered are not the best of an overloaded server", async () => {
  // With blocks of 8, the 3 of them hold no prompt of 20 tokens and its answer of 10.
  const settings = { num_gpu_blocks: 4, block_size: 16 };
  const options = { settings: ["block_size"], candidates: 5, replications: 2 };
  const given: Asked = { goal: "mean_ttft", policy: "vllm", settings, options };
  const { best, base, verdict } = await tuned(given);
  const [blocks] = (await answerTo(given)).tuning!.sensitivity;
  expect(blocks!.others.find(({ value }) => value === 8)!.difference).toBeNull();
  expect(best.changes.block_size ?? 16).toBeGreaterThan(8);
  expect(average(best.values)).toBeLessThanOrEqual(average(base.values));
  expect(verdict).toBe("cannot_be_met");
});

test("a difference is that of the values, also where limits are missed on both sides", async () => {
  const options = { settings: ["batch_size"], candidates: 5, replications: 2 };
  const goals = { slos: parseSlos("mean_tpot:0.001") };
  const { value, tuning } = await answerTo({ goal: "mean_e2el", goals, settings: { batch_size: 1 }, options });
  const { base } = tuning!;
  expect(base.difference!.value).toBeCloseTo(value! / base.value - 1, 1);
});

test.each<[what: string, given: Asked, message: RegExp]>([
  ["a goal that is none", { goal: "speed" }, /got "speed", expected throughput, goodput, or a statistic/],
  ["throughput without a limit", { goal: "throughput" }, /give --slo or --goodput/],
  ["goodput without its limits", { goal: "goodput" }, /expected its limits/],
  ["a goal that is a limit too", { goal: "p99_ttft", goals: { slos: parseSlos("p99_ttft:5") } }, /leave it out of --slo/], // prettier-ignore
  ["a setting of another policy", { goal: "mean_e2el", options: { settings: ["max_num_seqs"] } }, /expected some of batch_size, timeout_s/], // prettier-ignore
  ["a latency of clients that give up", { goal: "mean_ttft", load: { patience_ttft: "1" } }, /clients that give up have no latency; expected --goal goodput/], // prettier-ignore
  ["a load without a rate", { goal: "mean_e2el", load: { request_rate: undefined } }, /give --request-rate or/],
  [
    "too few requests",
    { goal: "p99_e2el", load: { num_prompts: 100 } },
    /100 requests are too few to tell the least p99_e2el/,
  ],
])("%s is rejected", async (_, given, message) => {
  await expect(tuned(given)).rejects.toThrow(ConfigError);
  await expect(tuned(given)).rejects.toThrow(message);
});

test("a load that cannot be simulated says so, not that nothing can be tuned", async () => {
  const { deployment, goal } = await asked({ goal: "mean_ttft", load: { request_rate: 1e-9 } });
  await expect(tune(deployment, goal, { workers: 1 })).rejects.toThrow(/a request rate of .* beyond 104 days/);
});

test.each(["foo", "p99_ttft:5", "", "p99_ttft:5,mean_tpot", "p101_ttft"])(
  "the goal %j is rejected as it was given",
  (name) => {
    expect(() => tuneGoal(name, undefined)).toThrow(
      `--goal: got "${name}", expected throughput, goodput, or a statistic`,
    );
  },
);
