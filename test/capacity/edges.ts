/**
 * The edge of a random task by brute force, without the search that is tested: every rate of a fine grid, twenty seeds, each
 * with its own arrivals, times, pace of the host and costs.
 */
import { type Goals, goalsText, parseGoodput, parseSlos } from "../../formats/index.js";
import { findCapacity, type CapacityFound, type Deployment } from "../../jobs/answers/index.js";
import {
  defaultJitter,
  measureGoals,
  median,
  saturatedRate,
  simulateOutcome,
  stream,
  withCostDraw,
  workloadFromLengths,
  type SimulatedRunInput,
} from "../../sim/index.js";
import { capacityCase, pick, type CapacityCase } from "./cases.js";
import { drawOf, edgeOnGrid } from "./grid-edge.js";
import { inputOf } from "./truth.js";

const SEEDS = 20;
/** From one rate of the grid to the next; how far above the answer it begins, and how far it may go. */
const GRID = 1.02;
const BEGIN = 12;
const REACH = 60;
/** What goals are made of: latencies at this share of capacity, times a factor. */
const SHARES = [0.6, 0.75, 0.9, 0.95];
const FACTORS = [1.1, 1.5, 2.5];
const COUNTS = [1_000, 1_500, 2_500];

export interface EdgeTask {
  readonly given: CapacityCase;
  readonly goals: Goals;
  readonly count: number;
}

export interface EdgeJudged {
  readonly task: EdgeTask;
  readonly found: CapacityFound;
  /** Of each seed; 0 where no rate of the grid meets the goals. */
  readonly edges: readonly number[];
  /** Where half of the seeds have their edge. */
  readonly edge: number;
}

/** A random task: a case of the capacity check, with a goal that some rates meet. */
export function edgeTask(number: number, seed: string): EdgeTask {
  const given = capacityCase(number, seed);
  const random = stream(`${seed}/${number}/edge-task`);
  const count = pick(random, COUNTS);
  const full = saturatedRate(runInput({ given, count }, 1, `${given.seed}/goal`, null));
  if ("reason" in full) throw new Error(full.reason);
  const metric = pick(random, ["ttft", "e2el", "tpot"] as const);
  const statistic = pick(random, ["mean", "p90", "p95", "p99"] as const);
  const wanted = parseSlos(`${statistic}_${metric}:1`);
  const { table, gaps } = simulateOutcome(
    runInput({ given, count }, pick(random, SHARES) * full.requestsPerS, `${given.seed}/goal`, null),
  );
  const value = measureGoals({ table, ...(gaps === undefined ? {} : { gaps }) }, { slos: wanted }, { isSteady: true });
  const limitMs = Number((value.goals[0]!.value * pick(random, FACTORS)).toPrecision(3));
  const isGoodput = metric !== "tpot" && random() < 0.2;
  const goals: Goals = isGoodput
    ? { slos: [], goodput: parseGoodput(`${metric}:${limitMs}`, 0.95) }
    : { slos: parseSlos(`${statistic}_${metric}:${limitMs}`) };
  return { given, goals, count };
}

export async function judgeEdge(task: EdgeTask, workers?: number): Promise<EdgeJudged> {
  const { given, goals, count } = task;
  const deployment: Deployment = {
    policy: { name: given.plan.name, settings: given.plan.settings },
    profile: given.profile,
    load: { ...given.load, num_prompts: count },
    source: { kind: "lengths" },
    vary: "request_rate",
    goals,
    seed: `${given.seed}/asked`,
    jitter: defaultJitter(given),
    engine: "fast",
    replicas: given.replicas,
    router: "round-robin",
  };
  const found = await findCapacity(deployment, { workers });
  const edges = Array.from({ length: SEEDS }, (_, seed) => bruteEdge(task, seed, found));
  return { task, found, edges, edge: median(edges) };
}

function bruteEdge(task: EdgeTask, number: number, { value, pilot }: CapacityFound): number {
  const { given, goals } = task;
  const seed = `${given.seed}/truth/${number}`;
  const draw = drawOf(given.profile, seed);
  const grid = { middle: value > 0 ? value : pilot.start, step: GRID, begin: BEGIN, reach: REACH };
  return edgeOnGrid(grid, (rate) => {
    const outcome = simulateOutcome(runInput(task, rate, seed, draw));
    return measureGoals(outcome, goals, { isSteady: true }).goals.every(({ ratio }) => ratio <= 1);
  });
}

function runInput(
  { given, count }: Pick<EdgeTask, "given" | "count">,
  request_rate: number,
  seed: string,
  draw: number | null,
): SimulatedRunInput {
  const load = { ...given.load, num_prompts: count, request_rate };
  const profile = draw === null ? given.profile : withCostDraw(given.profile, draw);
  const jitter = defaultJitter(given);
  return { ...inputOf({ ...given, seed }), profile, load, workload: workloadFromLengths(load, seed), jitter };
}

export function taskText({ given, goals, count }: EdgeTask): string {
  return `${given.number}: ${given.plan.name} on ${given.profile.name}, ${given.replicas} x, ${goalsText(goals)}, ${count} requests`;
}
