import {
  goalsText,
  loadSchema,
  parseSlos,
  verificationSchema,
  type Answer,
  type Profile,
  type Verification,
} from "../../formats/index.js";
import { readProfile } from "../../formats/files/index.js";
import { simulateRun } from "../../sim/index.js";
import { capacityAnswer, findCapacity, readSource, type Deployment } from "../answers/index.js";
import { deploymentOfAnswer } from "./deployment-of-answer.js";
import { loadsAround } from "./loads.js";
import { verify } from "./verify.js";

const machine = "profiles/mini-cpu-2core.json";
const goals = { slos: parseSlos("mean_e2el:300") };
const load = loadSchema.parse({ dataset_name: "fixed", input_len: 20, output_len: 10, num_prompts: 600 });
const policy = { name: "naive", settings: { batch_size: 8, timeout_s: 0.05 } };
const asked = {
  policy: policy.name,
  settings: policy.settings,
  profile: machine,
  vary: "request_rate",
  seed: "1",
  load,
  goals,
};

let answer: Answer;

beforeAll(async () => {
  const deployment: Deployment = {
    ...{ policy, load, goals, vary: "request_rate", seed: "1", jitter: false },
    ...{ engine: "fast", replicas: 1, router: "round-robin" },
    profile: readProfile(machine),
    source: await readSource(load, undefined, "request_rate"),
  };
  const found = await findCapacity(deployment, { replications: 6, workers: 1 });
  answer = capacityAnswer({ deployment, found, asked, commands: { reproduce: "servesim capacity", check: null } });
});

/** With a simulation in place of the machine: the same one on another day, or a slower one. */
async function verified(slower = 1, count?: number): Promise<Verification> {
  const deployment = await deploymentOfAnswer("a.json", answer);
  const profile = slowedBy(deployment.profile, slower);
  const loads = loadsAround(answer, deployment, { loads: 5, seconds: 20, count });
  const measure = (_: unknown, input: Parameters<typeof simulateRun>[0]) =>
    Promise.resolve({ run: simulateRun({ ...input, profile, seed: "another day" }), folder: null });
  return verify({ answer, deployment, loads, measure, tolerance: 0.1, replications: 6 }, { workers: 1 });
}

function slowedBy(profile: Profile, factor: number): Profile {
  const { cost } = profile;
  if (cost.kind !== "static_batch") throw new Error("expected costs of whole batches");
  const slowed = (terms: typeof cost.prefill): typeof cost.prefill =>
    terms.map((term) => ({ ...term, coefficient_ns: factor * term.coefficient_ns }));
  return { ...profile, cost: { ...cost, prefill: slowed(cost.prefill), decode_step: slowed(cost.decode_step) } };
}

test("the machine that the profile is of confirms the answer, load by load", async () => {
  const found = await verified();
  expect(verificationSchema.parse(found)).toEqual(found);
  expect(found.verdict).toBe("right");
  expect(found.loads.map(({ x }) => x)).toEqual([...found.loads.map(({ x }) => x)].sort((a, b) => a - b));
  expect(found.loads[0]).toMatchObject({ predicted: "safe", measured: "met", verdict: "agrees" });
  expect(found.loads.at(-1)).toMatchObject({ predicted: "no", measured: "missed", verdict: "agrees" });
  expect(found.loads[0]!.statistics.map(({ verdict }) => verdict)).not.toContain("differs");
});

test("a machine half as fast proves the answer wrong, and its statistics differ", async () => {
  const { verdict, loads } = await verified(2);
  expect(verdict).toBe("wrong");
  expect(loads[0]).toMatchObject({ predicted: "safe", measured: "missed", verdict: "differs" });
  expect(loads[0]!.statistics.find(({ statistic }) => statistic === "mean_e2el_ms")!.verdict).toBe("differs");
});

test("runs too short to show that a load is too much say so", async () => {
  const { verdict, notes } = await verified(1, 20);
  expect(verdict).toBe("cannot tell");
  expect(notes.join()).toMatch(
    /^20 requests are too few to show that [\d.]+ requests\/s are too much; a longer --duration/,
  );
});

test("answers that no real run can check are rejected with the reason", async () => {
  const of = (change: Partial<Answer>): Promise<Deployment> => deploymentOfAnswer("a.json", { ...answer, ...change });
  const question = (change: object): Pick<Answer, "question"> => ({ question: { ...answer.question, ...change } });
  await expect(of(question({ name: "whatif" }))).rejects.toThrow(
    "a.json: an answer of whatif, expected one of capacity",
  );
  await expect(of({ value: 0 })).rejects.toThrow("a.json: no load meets the goals");
  const queue = { slos: parseSlos("p99_queue:50") };
  await expect(of(question({ goal: goalsText(queue), asked: { ...asked, goals: queue } }))).rejects.toThrow(
    "a.json: p99_queue is not measured by a real run",
  );
  const old = Object.fromEntries(Object.entries(asked).filter(([key]) => key !== "settings"));
  await expect(of(question({ asked: old }))).rejects.toThrow(/a.json: question.asked: settings/);
});

test("loads too short for the goals are rejected with the number of requests that it takes", async () => {
  const slos = parseSlos("p99_e2el:300");
  const deployment = { ...(await deploymentOfAnswer("a.json", answer)), goals: { slos } };
  expect(() => loadsAround(answer, deployment, { loads: 3, seconds: 60, count: 100 })).toThrow(
    /100 requests are too few to show p99_e2el <= 300 ms: it takes at least 368/,
  );
});
