import { answerSchema, loadSchema, type Answer, type Load, type Run } from "../../formats/index.js";
import { readProfile } from "../../formats/files/index.js";
import { planPolicy, simulateRun, workloadFromLengths } from "../../sim/index.js";
import { readContent, type Scenario } from "../scenario/index.js";
import { atPace } from "../experiment/index.js";
import { explain } from "./explain.js";
import { scenarioOfRun } from "./scenario-of-run.js";

const server = "profiles/h100-llama-3.1-8b-vllm-0.26.json";
const machine = "profiles/mini-cpu-2core.json";

const random = (more: object): Load =>
  loadSchema.parse({
    dataset_name: "random",
    random_input_len: 100,
    random_output_len: 30,
    random_range_ratio: 0.5,
    ...more,
  });

async function scenarioOf(name: string, settings: object, load: Load, profile = server): Promise<Scenario> {
  return {
    policy: { name, settings: { ...settings } },
    profile: readProfile(profile),
    load,
    content: await readContent(load, undefined),
    seed: "1",
    jitter: profile === server,
    engine: "fast",
    replicas: 1,
    router: "round-robin",
  };
}

function explained(scenario: Scenario, statistic = "p95_ttft", workers = 1): Promise<Answer> {
  const commands = { reproduce: "servesim explain", check: null };
  return explain({ scenario, statistic, replications: 4, asked: {}, commands }, { workers });
}

test("the parts of each statistic add up to it, and twice the slots is found to help where slots are few", async () => {
  const scenario = await scenarioOf("vllm", { max_num_seqs: 8 }, random({ request_rate: 40, num_prompts: 200 }));
  const answer = await explained(scenario, "mean_ttft");
  expect(answerSchema.parse(answer)).toEqual(answer);
  for (const { value, parts } of answer.parts!) {
    expect(Object.values(parts).reduce((sum, ms) => sum + ms, 0) / value).toBeCloseTo(1, 9);
  }
  expect(answer).toMatchObject({ unit: "ms of mean_ttft", verdict: "explained", binds: { resource: "seats" } });
  const seats = answer.counterfactuals!.find(({ away }) => away === "seats")!;
  expect(seats.change).toBe("max_num_seqs 16");
  expect(seats.differences.find(({ statistic }) => statistic === "mean_ttft_ms")!.verdict).toBe("better");
  expect(answer.counterfactuals!.map(({ change }) => change)).toContain("a host thread that takes no time");
});

test("where nothing waits, decodes and the host have the time, and slots have none of it", async () => {
  const scenario = await scenarioOf("vllm", {}, random({ request_rate: 2, num_prompts: 150 }));
  const { parts, counterfactuals, unit } = await explained(scenario, "p95_ttft");
  expect(unit).toBe("ms of p95_ttft");
  const e2el = parts!.find(({ statistic }) => statistic === "mean_e2el")!;
  expect(e2el.parts.seats).toBeUndefined();
  expect((e2el.parts.decode! + e2el.parts.host!) / e2el.value).toBeGreaterThan(0.7);
  expect(counterfactuals!.map(({ away }) => away)).not.toContain("seats");
});

test("static batches: half the timeout is tried where requests wait for the batch to fill", async () => {
  const load = random({ request_rate: 3, num_prompts: 100, random_output_len: 10 });
  const scenario = await scenarioOf("naive", { batch_size: 8, timeout_s: 1 }, load, machine);
  const answer = await explained(scenario, "mean_ttft");
  const half = answer.counterfactuals!.find(({ away }) => away === "batch_filling")!;
  expect(half).toMatchObject({ change: "timeout_s 0.5" });
  expect(half.differences[0]).toMatchObject({ statistic: "mean_ttft_ms", verdict: "better" });
});

test("a load of which nothing is answered is rejected with the reason; what is answered of another is explained", async () => {
  const none = await scenarioOf("vllm", { max_model_len: 60 }, random({ request_rate: 5, num_prompts: 20 }));
  await expect(explained(none)).rejects.toThrow(
    /^none of 20 requests gets an answer, the first \(0\) because: .* exceed max_model_len 60; change the load/,
  );
  const some = await scenarioOf("vllm", { max_model_len: 130 }, random({ request_rate: 5, num_prompts: 20 }));
  expect((await explained(some, "mean_ttft")).notes.join("\n")).toMatch(/\d+ requests of 4 runs got no answer/);
});

test("a statistic that too few requests show is left out with a remark, and the answer is about another", async () => {
  const scenario = await scenarioOf("vllm", {}, random({ request_rate: 2, num_prompts: 40 }));
  const { notes, unit } = await explained(scenario, "p99_ttft");
  expect(unit).toBe("ms of mean_ttft");
  expect(notes.join("\n")).toMatch(/p99_ttft.*: too few independent requests/);
  expect(notes.join("\n")).toMatch(/p99_ttft cannot be shown, the answer is about mean_ttft/);
});

describe("a run folder", () => {
  const load = random({ request_rate: 20, num_prompts: 60 });
  const plan = planPolicy("vllm", { max_num_seqs: 4 }, { source: "test" });
  const workload = workloadFromLengths(load, "5");
  const input = { plan, profile: readProfile(server), workload, load, seed: "5", coldStart: false, jitter: true };
  const run = simulateRun(input);

  test("of a simulated run says what it was: the same requests at the same times", async () => {
    const { scenario } = await scenarioOfRun("run", run, { seed: "1" });
    expect(scenario).toMatchObject({ seed: "5", policy: { name: "vllm" }, load: { request_rate: 20 }, jitter: true });
    const answer = await explained(scenario, "mean_ttft");
    expect(answer.binds.resource).toBe("seats");
  });

  test("of an experiment's prediction at the pace of the machine is simulated at that pace, without CUDA graphs", async () => {
    const slower = { ...input, profile: atPace(readProfile("profiles/mini-cpu-2core.json"), 1.25), jitter: false };
    const made = simulateRun(slower);
    expect(made.info.policy_settings).toMatchObject({ enforce_eager: false });
    const paced: Run = { ...made, info: { ...made.info, simulated_at_pace: 1.25 } };
    const { scenario } = await scenarioOfRun("run", paced, { seed: "1", profile: "mini-cpu-2core" });
    expect(scenario.profile.cost).toEqual(slower.profile.cost);
  });

  test("of a run on another profile is rejected, and so is a recording without a profile", async () => {
    const other = { seed: "1", profile: "h100-gpt2-vllm-0.26" };
    await expect(scenarioOfRun("run", run, other)).rejects.toThrow(
      /^run: simulated again, its requests do not have the same times; give the profile/,
    );
    const recorded: Run = { ...run, info: { ...run.info, source: "real" } };
    await expect(scenarioOfRun("run", recorded, { seed: "1" })).rejects.toThrow(
      /run is a recorded run: give --profile/,
    );
    const unknown: Run = { ...run, info: { ...run.info, profile: "mine" } };
    await expect(scenarioOfRun("run", unknown, { seed: "1" })).rejects.toThrow(
      /no profile that ships is called "mine", expected --profile FILE/,
    );
    const unnamed: Run = { ...run, info: { ...run.info, profile: undefined } };
    await expect(scenarioOfRun("run", unnamed, { seed: "1" })).rejects.toThrow(
      /^run\/run\.json does not name its profile, expected --profile FILE/,
    );
  });

  test("of a recorded server is its requests on the profile", async () => {
    const engine = { ...run.info.engine, settings: { ...run.info.engine.settings, max_num_seqs: 4 } };
    const recorded: Run = { ...run, info: { ...run.info, source: "real", engine } };
    const { scenario, notes } = await scenarioOfRun("run", recorded, { seed: "1", profile: server });
    expect(notes[0]).toMatch(/^a recording does not say where time went/);
    expect(scenario.content).toMatchObject({ kind: "fixed" });
    expect((await explained(scenario, "mean_ttft")).binds.resource).toBe("seats");
  });
});
