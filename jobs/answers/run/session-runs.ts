/** A run of sessions held against goals: only turns that were sent in its steady part count, and rates are those of that part. */
import { ConfigError, selectRows, type Goals, type RequestColumns, type Workload } from "../../../formats/index.js";
import {
  busyFractions,
  independentTurns,
  measureGoals,
  sessionsKeptUp,
  steadyTurns,
  summarise,
  type Busy,
  type GoalValue,
  type RunOutcome,
  type SessionSummary,
  type SteadyTurns,
  type Summary,
} from "../../../sim/index.js";
import { isSteadyLoad, type Deployment } from "./deployment.js";

/** Whether sessions go on beginning in the same way, so that a run of them has a steady part. */
export function hasSteadyTurns({ source, countsAll = false }: Deployment): boolean {
  return source.kind === "sessions" && !source.isTimed && !countsAll;
}

export function sessionGoals(
  deployment: Deployment,
  { table }: Pick<RunOutcome, "table">,
  workload: Workload,
): readonly GoalValue[] {
  const steady = steadyTurns(table, workload);
  const { goals } = measureGoals({ table: selectRows(table, steady.rows) }, deployment.goals, { isSteady: false });
  return isSteadyLoad(deployment) ? [...goals, sessionsKeptUp(table, steady)] : goals;
}

/** What a run was like; of sessions, its steady part. */
export interface RunDetail {
  readonly summary: Summary;
  /** In place of those of the summary, and beside them. */
  readonly statistics: Readonly<Record<string, number>>;
  /** How many independent requests would say as much about the time to first token. */
  readonly independent: number;
  readonly busy: Busy;
}

/** The steady part of a run in figures. */
interface SteadyPart extends Pick<RunDetail, "summary" | "statistics"> {
  readonly steady: SteadyTurns;
  readonly counted: RequestColumns;
  readonly seconds: number;
}

/** `facts`: what the run says of itself, its sessions among them. */
export function steadyPart({ table, facts }: Pick<RunOutcome, "table" | "facts">, workload: Workload): SteadyPart {
  const steady = steadyTurns(table, workload);
  const counted = selectRows(table, steady.rows);
  const seconds = Math.max(1e-9, (steady.toNs - steady.fromNs) / 1e9);
  const { cached_share: cached } = (facts.sessions as SessionSummary | undefined) ?? { cached_share: null };
  const statistics = {
    session_throughput: steady.begun / seconds,
    request_throughput: counted.rows / seconds,
    output_throughput: sum(counted.outputTokens) / seconds,
    mean_concurrent_requests: inSystem(table, steady),
    turns_per_session: table.rows / workload.sessions!.count,
    ...(cached === null ? {} : { cached_share: cached }),
  };
  return { steady, counted, seconds, summary: summarise(counted), statistics };
}

export function sessionDetail(outcome: RunOutcome, workload: Workload, replicas: number): RunDetail {
  const { table, facts } = outcome;
  const { steady, counted, seconds, summary, statistics } = steadyPart(outcome, workload);
  const latencies = Float64Array.from(steady.rows, (row) => table.firstTokenNs[row]! - table.arrivalNs[row]! || 0);
  // Only whole runs say how busy their clocks were: in the steady part by as much more as more tokens come per second.
  const share = tokensOf(counted) / Math.max(1, tokensOf(table));
  const run = busyFractions(facts, seconds, replicas);
  const part = (fraction: number): number => Math.min(1, fraction * share);
  return {
    summary,
    statistics,
    independent: independentTurns(latencies, (at) => workload.requests[steady.rows[at]!]!.turn!.session),
    busy: { gpu: part(run.gpu), host: part(run.host), front_end: part(run.front_end) },
  };
}

function inSystem({ rows, arrivalNs, lastTokenNs }: RequestColumns, { fromNs, toNs }: SteadyTurns): number {
  let ns = 0;
  for (let row = 0; row < rows; row++) {
    ns += Math.max(0, Math.min(lastTokenNs[row]! || 0, toNs) - Math.max(arrivalNs[row]!, fromNs));
  }
  return ns / Math.max(1, toNs - fromNs);
}

function tokensOf({ promptTokens, outputTokens }: RequestColumns): number {
  return sum(promptTokens) + sum(outputTokens);
}

function sum(values: Int32Array): number {
  return values.reduce((total, value) => total + value, 0);
}

/** ConfigError for goals that are not known of a part of a run. */
export function requireSessionGoals(deployment: Deployment, { slos }: Goals): void {
  if (!hasSteadyTurns(deployment)) return;
  const itl = slos.find(({ metric }) => metric === "itl");
  if (itl === undefined) return;
  throw new ConfigError(
    `the goal ${itl.name}: inter-token latencies are known only for whole runs, with their start and end, and those of ` +
      "sessions are long; give a goal of tpot in its place",
  );
}

/** What to know of sessions that begin together and are all alike. */
export function sessionNotes(deployment: Deployment): string[] {
  const { source, load, vary } = deployment;
  if (source.kind !== "sessions" || source.sessions !== undefined || isSteadyLoad(deployment)) return [];
  const { sessions_turns_cv: turns = 0, sessions_think_cv: think = 0 } = load;
  if (turns > 0 || think > 0 || (vary === "replicas" && load.max_sessions === undefined)) return [];
  return [
    "the sessions begin together, and their turns and pauses are all alike, so that they stay in step; " +
      "--sessions-think-cv 1 spreads them as people would",
  ];
}
