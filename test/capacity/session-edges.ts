/**
 * The edge of a random load of sessions by brute force, without the search and the cuts that are tested: every rate of a grid,
 * some seeds, each with its own sessions, times, pace of the host and costs. Runs are longer than the answer's, and what counts
 * is every turn sent in the last 60 % of the time in which sessions begin.
 */
import {
  goalsText,
  greatest,
  loadSchema,
  parseSlos,
  selectRows,
  type Goals,
  type Load,
  type Profile,
  type RequestTable,
  type Workload,
} from "../../formats/index.js";
import { findCapacity, type CapacityFound, type Deployment } from "../../jobs/answers/index.js";
import {
  defaultJitter,
  measureGoals,
  median,
  planPolicy,
  sessionsFromLoad,
  simulateOutcome,
  stream,
  withCostDraw,
  workloadFromSessions,
  type Random,
  type RouterName,
} from "../../sim/index.js";
import { pick, profileNamed } from "./cases.js";
import { drawOf, edgeOnGrid } from "./grid-edge.js";

const SEEDS = 10;
const GRID = 1.03;
const BEGIN = 8;
const REACH = 40;
/** How much longer than the answer's its runs are. */
const LONGER = 1.5;
const COUNTED_FROM = 0.4;
const SHARES = [0.6, 0.75, 0.9];
const FACTORS = [1.1, 1.5, 2.5];

const engines = ["h100-llama-3.1-8b-vllm-0.26", "h100-llama-3.1-8b-vllm-0.26-host2", "h100-gpt2-vllm-0.26"];

export interface SessionTask {
  readonly number: number;
  readonly deployment: Deployment;
}

export interface SessionJudged {
  readonly task: SessionTask;
  readonly found: CapacityFound;
  readonly edges: readonly number[];
  readonly edge: number;
}

/** A random load of sessions, with a goal that some rates meet. */
export function sessionTask(number: number, seed: string): SessionTask {
  const random = stream(`${seed}/${number}/session-task`);
  const profile = profileNamed(pick(random, engines));
  const policy = planPolicy("vllm", pick(random, [{}, {}, { max_num_seqs: 32 }, { num_gpu_blocks: 4000 }]), {
    source: "task",
  });
  const replicas = pick(random, [1, 1, 2]);
  const base: Deployment = {
    policy: { name: policy.name, settings: policy.settings },
    profile,
    load: sessionsOf(random, profile),
    source: { kind: "sessions", isTimed: false, notes: [] },
    vary: "session_rate",
    goals: { slos: [] },
    seed: `${seed}/${number}/asked`,
    jitter: defaultJitter({ plan: policy, profile }),
    engine: "fast",
    replicas,
    router:
      replicas === 1 ? "round-robin" : pick<RouterName>(random, ["round-robin", "session-affinity", "prefix-aware"]),
  };
  return { number, deployment: { ...base, goals: goalOf(base, random) } };
}

/** Two to eight turns, of pauses as people and tools make them; the longest of thousands of sessions stays within the model's context. */
function sessionsOf(random: Random, { model }: Profile): Load {
  const turns = between(random, 2, 8);
  const sessions_turns_cv = pick(random, [0, 0.5]);
  const sessions_system_len = pick(random, [0, 0, 200]);
  const longest = turns * (sessions_turns_cv === 0 ? 2 : 6);
  const room = Math.floor((model.positions - sessions_system_len) / (2 * longest));
  return loadSchema.parse({
    dataset_name: "sessions",
    session_rate: 1,
    sessions_turns: turns,
    sessions_turns_cv,
    sessions_input_len: Math.min(room, between(random, 30, 300)),
    sessions_input_cv: pick(random, [0, 0.3]),
    sessions_output_len: Math.min(room, between(random, 20, 150)),
    sessions_think_s: pick(random, [0.5, 2, 6]),
    sessions_think_cv: pick(random, [0.5, 1]),
    sessions_system_len,
  });
}

function goalOf(base: Deployment, random: Random): Goals {
  const metric = pick(random, ["ttft", "e2el", "tpot"] as const);
  const statistic = pick(random, ["mean", "p90", "p95", "p99"] as const);
  const [wanted] = parseSlos(`${statistic}_${metric}:1`);
  const fullPerS = servedPerS(base);
  const share = pick(random, SHARES);
  const ratios = ratiosOf(
    { ...base, goals: { slos: [wanted!] } },
    { x: share * fullPerS, count: COUNT, seed: `${base.seed}/goal`, draw: null },
  );
  const limitMs = Number((greatest(ratios) * pick(random, FACTORS)).toPrecision(3));
  return { slos: parseSlos(`${statistic}_${metric}:${limitMs}`) };
}

const COUNT = 600;

/** Sessions per second that are over in a run to which all of them come at once. */
function servedPerS(base: Deployment): number {
  const { table } = simulated(base, { x: 1e6, count: COUNT, seed: base.seed, draw: null });
  return COUNT / (greatest(table.lastTokenNs.filter((ns) => ns > 0)) / 1e9);
}

export async function judgeSessions(task: SessionTask, workers?: number): Promise<SessionJudged> {
  const { deployment } = task;
  const found = await findCapacity(deployment, { workers, precision: 0.05 });
  const edges = Array.from({ length: SEEDS }, (_, seed) => bruteEdge(task, seed, found));
  return { task, found, edges, edge: median(edges) };
}

function bruteEdge({ deployment }: SessionTask, number: number, { value, pilot, count: asked }: CapacityFound): number {
  const seed = `${deployment.seed}/truth/${number}`;
  const draw = drawOf(deployment.profile, seed);
  const count = Math.ceil(LONGER * asked);
  const grid = { middle: value > 0 ? value : pilot.start, step: GRID, begin: BEGIN, reach: REACH };
  return edgeOnGrid(grid, (x) => ratiosOf(deployment, { x, count, seed, draw }).every((ratio) => ratio <= 1));
}

interface Run {
  readonly x: number;
  readonly count: number;
  readonly seed: string;
  readonly draw: number | null;
}

/** Each goal over its limit; last, above 1 where turns are left unanswered by more than chance and 1 % of the sessions. */
function ratiosOf(deployment: Deployment, run: Run): number[] {
  const { table, requests } = simulated(deployment, run);
  const firsts = table.arrivalNs.filter((_, row) => requests[row]!.turn!.turn === 0);
  const endNs = greatest(firsts);
  const fromNs = COUNTED_FROM * endNs;
  const rows = Uint32Array.from(requests, (_, row) => row).filter(
    (row) => table.arrivalNs[row]! > fromNs && table.arrivalNs[row]! <= endNs,
  );
  const { goals } = measureGoals({ table: selectRows(table, rows) }, deployment.goals, { isSteady: false });
  const begun = firsts.filter((ns) => ns > fromNs).length;
  const [before, after] = [fromNs, endNs].map((ns) => unanswered(table, ns)) as [number, number];
  const kept = (after - before) / (0.01 * begun + 3 * Math.sqrt(2 * Math.max(1, before)));
  return [...goals.map(({ ratio }) => ratio), kept];
}

function unanswered({ arrivalNs, lastTokenNs }: RequestTable, ns: number): number {
  return arrivalNs.filter((sent, row) => sent <= ns && !(lastTokenNs[row]! <= ns)).length;
}

function simulated(
  deployment: Deployment,
  { x, count, seed, draw }: Run,
): { table: RequestTable; requests: Workload["requests"] } {
  const { profile, policy, replicas, router, jitter } = deployment;
  const load = { ...deployment.load, session_rate: x, num_sessions: count };
  const workload = workloadFromSessions(load, sessionsFromLoad(load, seed), seed);
  const { table } = simulateOutcome({
    plan: planPolicy(policy.name, policy.settings, { source: "task" }),
    profile: draw === null ? profile : withCostDraw(profile, draw),
    ...{ load, workload, seed, jitter, replicas, router, coldStart: false },
  });
  return { table, requests: workload.requests };
}

export function sessionTaskText({ number, deployment }: SessionTask): string {
  const { load, profile, goals, replicas, router, policy } = deployment;
  const settings = Object.entries(policy.settings).map(([key, value]) => `, ${key} ${String(value)}`);
  const {
    sessions_turns: turns,
    sessions_input_len: input,
    sessions_output_len: output,
    sessions_think_s: think,
  } = load;
  return (
    `${number}: ${profile.name}${settings.join("")}, ${replicas} x ${router}, ${turns} turns of ${input} + ${output} tokens, ` +
    `pauses of ${think} s, ${goalsText(goals)}`
  );
}

function between(random: Random, low: number, high: number): number {
  return Math.round(low * (high / low) ** random());
}
