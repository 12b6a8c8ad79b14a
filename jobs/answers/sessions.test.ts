import { loadSchema, parseSlos, type Goals } from "../../formats/index.js";
import { readProfile } from "../../formats/files/index.js";
import { capacityAnswer } from "./capacity/capacity-answer.js";
import { findCapacity } from "./capacity/capacity.js";
import { readSource, type Vary } from "./load/load-source.js";
import { detailedProbe } from "./run/probe.js";
import { scaledBy, type Deployment } from "./run/deployment.js";
import { tune } from "./tune/tune.js";
import { tuneAnswer } from "./tune/tune-answer.js";
import { tuneGoal } from "./tune/tune-goal.js";

const profile = readProfile("profiles/mini-cpu-2core.json");
const engine = readProfile("profiles/h100-llama-3.1-8b-vllm-0.26.json");
const one = { workers: 1, replications: 2 };
const commands = { reproduce: "", check: null };

interface Asked {
  readonly load: object;
  readonly vary?: Vary;
  readonly goals: string;
  readonly changes?: Partial<Deployment>;
}

async function deploymentOf({ load: given, vary = "session_rate", goals, changes = {} }: Asked): Promise<Deployment> {
  const load = loadSchema.parse({ dataset_name: "sessions", session_rate: 1, ...given });
  const varied = { ...load };
  if (vary !== "replicas") delete varied.session_rate;
  const parsed: Goals = { slos: parseSlos(goals) };
  return {
    policy: { name: "vllm", settings: { max_num_seqs: 1 } },
    profile,
    load: varied,
    source: await readSource(varied, undefined, vary),
    vary,
    goals: parsed,
    seed: "1",
    jitter: undefined,
    engine: "fast",
    replicas: 1,
    router: "round-robin",
    ...changes,
  };
}

const short = { sessions_turns: 1, sessions_input_len: 20, sessions_output_len: 10 };
const chat = {
  sessions_turns: 4,
  sessions_input_len: 100,
  sessions_output_len: 60,
  sessions_think_s: 1,
  sessions_think_cv: 1,
};
const onEngine: Partial<Deployment> = {
  policy: { name: "vllm", settings: { max_num_seqs: 16 } },
  profile: engine,
  jitter: true,
};

test("sessions of one turn may begin as often as independent requests may come", async () => {
  // Served one by one; that a session has one turn is all that sets it apart.
  const goals = "mean_e2el:600";
  const sessions = await deploymentOf({ load: { ...short, num_sessions: 200 }, goals });
  const load = loadSchema.parse({ dataset_name: "fixed", input_len: 20, output_len: 10, num_prompts: 200 });
  const requests: Deployment = { ...sessions, load, source: { kind: "lengths" }, vary: "request_rate" };
  const found = await findCapacity(sessions, one);
  const { value } = await findCapacity(requests, one);
  expect(Math.abs(found.value / value - 1)).toBeLessThan(0.15);
  expect(found.slo).toBe("mean_e2el");
  const answer = capacityAnswer({ deployment: sessions, found, asked: {}, commands });
  expect(answer.unit).toBe("sessions/s");
  expect(answer.turns_per_s!.value / answer.value!).toBeCloseTo(1, 0);
});

test("a run whose sessions have all begun before the load is steady is rejected, with the number that it takes", async () => {
  const load = { ...chat, sessions_think_s: 20, num_sessions: 20 };
  const deployment = await deploymentOf({ load, goals: "mean_ttft:120", changes: onEngine });
  await expect(findCapacity(deployment, one)).rejects.toThrow(/^--num-sessions 20: a session lasts .*at least \d+$/);
});

test("a percentile that few sessions cannot show, and inter-token latencies, are rejected by name", async () => {
  const few = await deploymentOf({ load: { ...short, num_sessions: 150 }, goals: "p99_e2el:9000" });
  await expect(findCapacity(few, one)).rejects.toThrow(/turns count, too few to show p99_e2el.*which takes 368/);
  const itl = await deploymentOf({ load: chat, goals: "p95_itl:30", changes: onEngine });
  await expect(findCapacity(itl, one)).rejects.toThrow(/^the goal p95_itl: .*give a goal of tpot/);
});

test("a multiplied load of sessions has more of them; those at times of their own have no rate to multiply", async () => {
  const rated = await deploymentOf({ load: chat, vary: "replicas", goals: "mean_ttft:1" });
  expect(scaledBy(rated, 3).load.session_rate).toBe(3);
  const timed: Deployment = { ...rated, source: { kind: "sessions", sessions: [], isTimed: true, notes: [] } };
  expect(() => scaledBy(timed, 3)).toThrow(/^--scale 3: the sessions of the trace begin at their recorded times/);
});

test("settings are tuned for sessions, with the prefix cache among them", async () => {
  const goal = tuneGoal("mean_ttft", undefined);
  const load = { ...chat, session_rate: 2 };
  const deployment = await deploymentOf({ load, vary: "replicas", goals: "mean_ttft:1", changes: { ...onEngine, goals: goal.goals } }); // prettier-ignore
  const found = await tune(deployment, goal, { workers: 1, replications: 2, candidates: 2, settings: ["enable_prefix_caching"] }); // prettier-ignore
  expect(found.sensitivity.map(({ setting }) => setting)).toEqual(["enable_prefix_caching"]);
  const answer = tuneAnswer({ deployment, goal, found, commandOf: () => "", asked: {}, commands });
  expect(answer.unit).toBe("ms");
  expect(answer.turns_per_s!.value).toBeGreaterThan(4);
});

test("of sessions only turns of the steady part count, and rates are those of it", async () => {
  const deployment = await deploymentOf({ load: chat, goals: "mean_ttft:50", changes: onEngine });
  const { statistics, independent, goals } = detailedProbe(deployment, { x: 2, seed: "1", draw: null, count: 120 });
  expect(statistics.session_throughput! / 2).toBeCloseTo(1, 0);
  expect(statistics.request_throughput! / 8).toBeCloseTo(1, 0);
  expect(statistics.turns_per_session).toBeCloseTo(4, 5);
  expect(independent).toBeLessThan(480);
  expect(goals.map(({ name }) => name)).toEqual(["mean_ttft", "sustained"]);
});

test("as many sessions as are under way at a time are not held to keep up with a rate", async () => {
  const deployment = await deploymentOf({ load: chat, vary: "max_sessions", goals: "mean_ttft:50", changes: onEngine });
  const few = detailedProbe(deployment, { x: 4, seed: "1", draw: null, count: 120 });
  const many = detailedProbe(deployment, { x: 16, seed: "1", draw: null, count: 120 });
  expect(few.goals.map(({ name }) => name)).toEqual(["mean_ttft"]);
  expect(many.statistics.mean_concurrent_requests).toBeGreaterThan(few.statistics.mean_concurrent_requests!);
  expect(many.statistics.mean_concurrent_requests).toBeLessThan(16);
});
