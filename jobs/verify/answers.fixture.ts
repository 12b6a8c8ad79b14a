/** Small answers to every question that can be checked, on the profile of a small model on a CPU. */
import { loadSchema, parseSlos, type Answer, type Goals, type Load } from "../../formats/index.js";
import { readProfile } from "../../formats/files/index.js";
import {
  capacityAnswer,
  findCapacity,
  findSize,
  readSource,
  sizeAnswer,
  tune,
  tuneAnswer,
  tuneGoal,
  type Deployment,
} from "../answers/index.js";
import type { RouterName } from "../../sim/index.js";
import { explain } from "../explain/index.js";
import { readContent, type Scenario } from "../scenario/index.js";
import { parseChanges, whatif, withChanges } from "../whatif/index.js";

export const machine = "profiles/mini-cpu-2core.json";
const policy = { name: "naive", settings: { batch_size: 8, timeout_s: 0.05 } };
const lengths = { dataset_name: "fixed", input_len: 20, output_len: 10, num_prompts: 600 };
const commands = { reproduce: "servesim", check: null };
const replications = 6;
const alone = { workers: 1 };

function served(load: Load): Omit<Scenario, "content"> {
  return {
    ...{ policy, load, seed: "1", jitter: undefined, engine: "fast", replicas: 1, router: "round-robin" },
    profile: readProfile(machine),
  };
}

async function deploymentOf(load: Load, vary: Deployment["vary"], goals: Goals): Promise<Deployment> {
  return { ...served(load), source: await readSource(load, undefined, vary), vary, goals };
}

function askedOf(load: Load, more: object): Answer["question"]["asked"] {
  return { policy: policy.name, settings: policy.settings, profile: machine, seed: "1", load, ...more };
}

export async function capacityOf(slo = "mean_e2el:300"): Promise<Answer> {
  const load = loadSchema.parse(lengths);
  const goals = { slos: parseSlos(slo) };
  const deployment = await deploymentOf(load, "request_rate", goals);
  const found = await findCapacity(deployment, { replications, ...alone });
  return capacityAnswer({ deployment, found, asked: askedOf(load, { vary: "request_rate", goals }), commands });
}

const vllm = { name: "vllm", settings: { max_num_seqs: 8 } };
export const talks = loadSchema.parse({
  ...{ dataset_name: "sessions", session_rate: 1, sessions_turns: 3, sessions_input_len: 12, sessions_output_len: 8 },
  ...{ sessions_think_s: 0.3, sessions_think_cv: 1, num_sessions: 600 },
});
const withoutRate = { ...talks };
delete withoutRate.session_rate;

/** Of how many sessions begin per second, or may be under way. */
export async function sessionsOf(vary: "session_rate" | "max_sessions"): Promise<Answer> {
  const goals = { slos: parseSlos("mean_e2el:300") };
  const deployment = { ...(await deploymentOf(withoutRate, vary, goals)), policy: vllm };
  const found = await findCapacity(deployment, { replications: 2, ...alone });
  const asked = {
    ...askedOf(withoutRate, { vary, goals, sessions: true }),
    policy: vllm.name,
    settings: vllm.settings,
  };
  return capacityAnswer({ deployment, found, asked, commands });
}

/** Of replicas that keep sessions together. */
export async function sizeOfSessions(load: Load, router: RouterName): Promise<Answer> {
  const goals = { slos: parseSlos("mean_e2el:300") };
  const deployment = { ...(await deploymentOf(load, "replicas", goals)), policy: vllm, router };
  const found = await findSize(deployment, { replications: 2, ...alone });
  const asked = {
    ...askedOf(load, { vary: "replicas", goals, sessions: true, router }),
    policy: vllm.name,
    settings: vllm.settings,
  };
  return sizeAnswer({ deployment, found, asked, commands });
}

export async function sizeOf(more: Partial<Load> = { request_rate: 300 }): Promise<Answer> {
  const load = loadSchema.parse({ ...lengths, ...more });
  const goals = { slos: parseSlos("p90_e2el:400") };
  const deployment = await deploymentOf(load, "replicas", goals);
  const found = await findSize(deployment, { replications, ...alone });
  return sizeAnswer({ deployment, found, asked: askedOf(load, { vary: "replicas", goals }), commands });
}

export async function tuneOf(name: string, given?: Goals): Promise<Answer> {
  const load = loadSchema.parse(name === "throughput" ? lengths : { ...lengths, request_rate: 60 });
  const goal = tuneGoal(name, given);
  const vary = name === "throughput" ? "request_rate" : "replicas";
  const deployment = await deploymentOf(load, vary, goal.goals);
  const found = await tune(deployment, goal, { replications: 3, candidates: 4, settings: ["batch_size"], ...alone });
  const asked = askedOf(load, { vary, goals: goal.goals, goal: name });
  return tuneAnswer({ deployment, goal, found, commandOf: () => "", asked, commands });
}

export async function whatifOf(changes: readonly string[], slo?: string): Promise<Answer> {
  const load = loadSchema.parse({ ...lengths, request_rate: 60 });
  const goals = { slos: slo === undefined ? [] : parseSlos(slo) };
  const base: Scenario = { ...served(load), content: await readContent(load, undefined) };
  const changed = await withChanges(base, parseChanges(changes));
  return whatif({ base, changed, goals, replications, asked: askedOf(load, { goals, changes }), commands }, alone);
}

export async function explainOf(statistic = "mean_e2el"): Promise<Answer> {
  const load = loadSchema.parse({ ...lengths, request_rate: 60 });
  const scenario: Scenario = { ...served(load), content: await readContent(load, undefined) };
  return explain({ scenario, statistic, replications, asked: askedOf(load, { statistic }), commands }, alone);
}
