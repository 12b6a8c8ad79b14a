import { answerSchema, loadSchema, parseSlos, type Answer, type Goals } from "../../formats/index.js";
import { readProfile } from "../../formats/files/index.js";
import { readContent, type Scenario } from "../scenario/index.js";
import { parseChanges, withChanges } from "./changes.js";
import { whatif } from "./whatif.js";

const profile = readProfile("profiles/mini-cpu-2core.json");

interface Asked {
  readonly policy?: string;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly load?: object;
}

async function scenarioOf({ policy = "naive", settings = { batch_size: 4 }, load }: Asked = {}): Promise<Scenario> {
  const checked = loadSchema.parse({ dataset_name: "fixed", input_len: 20, output_len: 10, num_prompts: 400, ...load });
  return {
    policy: { name: policy, settings },
    profile,
    load: checked,
    content: await readContent(checked, undefined),
    seed: "1",
    jitter: undefined,
    engine: "fast",
    replicas: 1,
    router: "round-robin",
  };
}

async function asked(
  base: Scenario,
  texts: readonly string[],
  goals: Goals = { slos: [] },
  workers = 1,
): Promise<Answer> {
  const changed = await withChanges(base, parseChanges(texts));
  const commands = { reproduce: "servesim whatif", check: null };
  return whatif({ base, changed, goals, replications: 6, asked: {}, commands }, { workers });
}

const verdictOf = ({ differences }: Answer, name: string): string | undefined =>
  differences!.find(({ statistic }) => statistic === name)?.verdict;

test("more load makes latency worse and throughput better, each with an interval of the paired difference", async () => {
  const answer = await asked(await scenarioOf({ load: { request_rate: 20 } }), ["request_rate=x2"]);
  expect(answerSchema.parse(answer)).toEqual(answer);
  expect(answer.evidence.map(({ varied }) => varied)).toEqual([{ request_rate: 20 }, { request_rate: 40 }]);
  expect(verdictOf(answer, "request_throughput")).toBe("better");
  const latency = answer.differences!.find(({ statistic }) => statistic === "mean_e2el_ms")!;
  expect(latency.interval!.low).toBeLessThan(latency.difference);
  expect(latency.of_a_day!.low).toBeLessThan(latency.interval!.low);
  expect(answer).toMatchObject({ value: latency.difference, verdict: latency.verdict, unit: "ms of mean_e2el" });
});

test("a setting that nothing depends on makes no difference at all, on any day", async () => {
  const base = await scenarioOf({ policy: "vllm", settings: { max_num_seqs: 200 }, load: { request_rate: 10 } });
  const answer = await asked(base, ["max_num_seqs=220"]);
  for (const { verdict, of_a_day } of answer.differences!) {
    expect({ verdict, of_a_day }).toEqual({ verdict: "same", of_a_day: { low: 0, high: 0 } });
  }
});

test("two changes are made together; goals are judged before and after", async () => {
  const base = await scenarioOf({ load: { request_rate: 10, num_prompts: 1000 } });
  const slos = parseSlos("mean_e2el:400");
  const answer = await asked(base, ["request_rate=x20", "batch_size=1"], { slos });
  expect(answer.goal_verdicts).toEqual({ before: "safe", after: "no" });
  expect(answer.binds.slo).toMatch(/mean_e2el|sustained/);
  expect(answer.notes).toContain(
    "after the change requests come faster than they are served: latencies depend on how long the run is",
  );
});

test("a change after which nothing is answered is rejected with the reason", async () => {
  const base = await scenarioOf({ policy: "vllm", settings: { max_model_len: 100 }, load: { request_rate: 10 } });
  await expect(asked(base, ["max_model_len=25"])).rejects.toThrow(
    /^after the change none of 400 requests gets an answer, the first \(0\) because: 30 tokens .* max_model_len 25/,
  );
});

test("another policy keeps the settings that it has, and the answer says which it has not", async () => {
  const base = await scenarioOf({ load: { request_rate: 30 } });
  const answer = await asked(base, ["policy=vllm"]);
  expect(answer.notes.join()).toMatch(/batch_size.*no setting of vllm, left out after the change/);
  expect(verdictOf(answer, "mean_e2el_ms")).toBe("better");
});

test("the answer does not depend on the number of threads", async () => {
  const base = await scenarioOf({ load: { request_rate: 30 } });
  expect(await asked(base, ["request_rate=40"], { slos: [] }, 2)).toEqual(await asked(base, ["request_rate=40"]));
});

test.each([
  ["request_rate", /got "request_rate", expected KEY=VALUE or KEY=xFACTOR/],
  ["request_rate=x0", /got "request_rate=x0", expected/],
  ["batch_sise=8", /batch_sise=8: no setting, .*did you mean "batch_size"/],
  ["max_num_seqs=8", /max_num_seqs is a setting of vllm and orca, not of naive/],
  ["max_concurrency=x2", /max_concurrency is not set, there is nothing to multiply; give a value/],
  ["dataset_name=x2", /dataset_name is fixed, which is nothing to multiply/],
  ["request_rate=20", /it is 20 already, nothing would change/],
  ["request_rate=-3", /--change: request_rate: /],
  ["batch_size=x1.3", /--change: batch_size: /],
  ["seed=2", /both sides have the same random numbers, leave it out/],
  ["replicas=1.5", /got 1.5 replicas, expected a whole number from 1 to 1000/],
  ["replicas=1e9", /got 1000000000 replicas, expected a whole number from 1 to 1000/],
  ["router=best", /got "best", expected one of round-robin/],
  ["router_beta=1", /--change router_beta: only the router prefix-aware has it, not round-robin/],
  ["router_beta=-1", /got -1, expected a number of at least 0/],
  ["policy=orka", /no policy "orka", did you mean "orca"/],
  ["trace_rate=5", /expected a workload \(a trace\) with it/],
])("the change %s is rejected with the reason", async (text, message) => {
  const base = await scenarioOf({ load: { request_rate: 20 } });
  await expect((async () => withChanges(base, parseChanges([text])))()).rejects.toThrow(message);
});

test("the same key changed twice is a contradiction, however it is written", () => {
  expect(() => parseChanges(["request_rate=x2", "--request-rate=5"])).toThrow(
    "--change: request_rate=x2 and --request-rate=5 contradict each other, expected one change of request_rate",
  );
});

test("runs too short to show a goal are rejected with the number of requests that it takes", async () => {
  const base = await scenarioOf({ load: { request_rate: 20, num_prompts: 100 } });
  await expect(asked(base, ["request_rate=x2"], { slos: parseSlos("p99_ttft:50") })).rejects.toThrow(
    /100 requests, too few to show p99_ttft <= 50 ms: it takes at least 368/,
  );
});

describe("a load that looks overloaded", () => {
  const long = { dataset_name: "fixed", input_len: 100, output_len: 200, request_rate: 40 };
  const scenario = async (settings: object, load: object): Promise<Scenario> => ({
    ...(await scenarioOf({ policy: "vllm", settings: { ...settings }, load: { ...long, ...load } })),
    profile: readProfile("profiles/h100-llama-3.1-8b-vllm-0.26.json"),
    jitter: true,
  });
  const goals: Goals = { slos: parseSlos("mean_e2el:100000", "test") };

  test("is said to be too short to tell where the server still fills when it ends, and misses no goal by that", async () => {
    const base = await scenario({}, { num_prompts: 100 });
    const { notes, goal_verdicts: verdicts } = await asked(base, ["request_rate=x1.1"], goals);
    expect(notes.join()).toMatch(/before the change the load is too short to tell whether requests come faster/);
    expect(notes.join()).not.toMatch(/latencies depend on how long the run is/);
    expect(verdicts).toEqual({ before: "safe", after: "safe" });
  });

  test("is overloaded where it goes on, however long its requests wait", async () => {
    const base = await scenario({ max_num_seqs: 8 }, { num_prompts: 1000 });
    const { notes, goal_verdicts: verdicts } = await asked(base, ["max_num_seqs=4"], goals);
    for (const when of ["before", "after"])
      expect(notes).toContain(
        `${when} the change requests come faster than they are served: latencies depend on how long the run is`,
      );
    expect(verdicts).toEqual({ before: "no", after: "no" });
  });
});
