/** Checks an answer of `capacity`: sends loads around it for real, and holds what was measured against what was predicted. */
import {
  VERIFICATION_VERSION,
  type Answer,
  type Run,
  type Verification,
  type VerifiedLoad,
} from "../../formats/index.js";
import { judgeError } from "../../report/compare/index.js";
import { columnsIn, mean, measureGoals, summarise, type GoalValue, type SimulatedRunInput } from "../../sim/index.js";
import {
  evidenceOf,
  goalVerdictOf,
  inputAt,
  isSteadyLoad,
  withCrew,
  type CrewOptions,
  type Deployment,
  type DetailedProbe,
} from "../answers/index.js";
import { replicationTasks } from "../replicate/index.js";
import type { LoadToSend } from "./loads.js";

/** A real run of one load, and the folder that it is kept in. */
export interface Measured {
  readonly run: Run;
  readonly folder: string | null;
}

export interface VerifyInput {
  readonly answer: Answer;
  readonly deployment: Deployment;
  readonly loads: readonly LoadToSend[];
  /** Sends a load for real; the input is what is simulated of it. */
  measure(load: LoadToSend, input: SimulatedRunInput, at: number): Promise<Measured>;
  readonly tolerance: number;
  readonly replications?: number | undefined;
  readonly notes?: readonly string[];
}

const DEFAULT_DAYS = 12;

export async function verify(input: VerifyInput, options: CrewOptions = {}): Promise<Verification> {
  const { answer, deployment, loads, tolerance, replications = DEFAULT_DAYS, notes = [] } = input;
  const days = replicationTasks(deployment, replications);
  // All predictions are made before anything is measured.
  const predicted = await withCrew(deployment, options, (crew) =>
    crew.details(
      loads.flatMap(({ x, count }) =>
        days.map(({ seed, draw }) => ({ kind: "detail" as const, point: { x, seed, draw, count } })),
      ),
      "predicting",
    ),
  );
  const verified: VerifiedLoad[] = [];
  for (const [at, load] of loads.entries()) {
    const real = inputAt(deployment, { ...load, seed: deployment.seed, draw: null });
    const measured = await input.measure(load, real, at);
    const probes = predicted.slice(at * days.length, (at + 1) * days.length);
    verified.push(judged(deployment, { load, probes, measured, tolerance }));
  }
  return {
    version: VERIFICATION_VERSION,
    question: answer.question.name,
    goal: answer.question.goal,
    value: answer.value,
    unit: answer.unit,
    interval: answer.interval,
    tolerance,
    loads: verified,
    verdict: verdictOf(verified),
    notes: [...notes, ...tooShort(answer, verified)],
  };
}

interface Judged {
  readonly load: LoadToSend;
  readonly probes: readonly DetailedProbe[];
  readonly measured: Measured;
  readonly tolerance: number;
}

function judged(deployment: Deployment, { load, probes, measured: { run, folder }, tolerance }: Judged): VerifiedLoad {
  const columns = columnsIn(run);
  const { goals } = measureGoals({ table: columns }, deployment.goals, { isSteady: isSteadyLoad(deployment) });
  const outcome = outcomeOf(goals, probes);
  const summary = summarise(columns);
  const ofGoals = goals
    .filter(({ name }) => name !== "sustained")
    .map(({ name, value }) => [name === "goodput" ? "goodput_share" : `${name}_ms`, value] as const);
  const real: Readonly<Record<string, unknown>> = { ...summary, ...Object.fromEntries(ofGoals) };
  return {
    x: load.x,
    requests: run.requests.length,
    ...outcome,
    statistics: statisticsOf(probes, real, tolerance),
    run: folder,
  };
}

type LoadOutcome = Pick<VerifiedLoad, "predicted" | "measured" | "worst" | "verdict">;

/**
 * Each goal by itself: one that was sure to be met and was missed, or sure to be missed and was met, is enough, whatever chance does
 * to the others in a short run. Else the load as a whole, which misses its goals where it misses one.
 */
function outcomeOf(goals: readonly GoalValue[], probes: readonly DetailedProbe[]): LoadOutcome {
  const judgedGoals = goals.map((goal, at) => {
    const ratios = probes.map((probe) => probe.goals[at]!.ratio);
    const predicted = goalVerdictOf(ratios);
    const differs = predicted === (goal.ratio > 1 ? "safe" : "no");
    return { goal, predicted, differs };
  });
  const worstOf = (some: typeof judgedGoals): (typeof judgedGoals)[number] =>
    some.reduce((most, one) => (one.goal.ratio > most.goal.ratio ? one : most));
  const wrong = judgedGoals.filter(({ differs }) => differs);
  const { goal, ...own } = worstOf(wrong.length > 0 ? wrong : judgedGoals);
  const all = judgedGoals.map(({ predicted }) => predicted);
  const ofLoad = all.includes("no") ? "no" : all.includes("knee") ? "knee" : "safe";
  const predicted = wrong.length > 0 ? own.predicted : ofLoad;
  const measured = goal.ratio <= 1 ? "met" : "missed";
  const isAsPredicted = (predicted === "safe") === (measured === "met");
  return {
    predicted,
    measured,
    worst: { name: goal.name, value: goal.value, limit: goal.limit },
    verdict: predicted === "knee" ? "cannot tell" : wrong.length === 0 && isAsPredicted ? "agrees" : "differs",
  };
}

const compared = /^(mean|p[\d.]+)_(ttft|tpot|e2el)_ms$|^goodput_share$/;

function statisticsOf(
  probes: readonly DetailedProbe[],
  real: Readonly<Record<string, unknown>>,
  tolerance: number,
): VerifiedLoad["statistics"] {
  const { statistics, intervals } = evidenceOf(
    {},
    probes.map((probe) => probe.statistics),
  );
  return Object.entries(statistics).flatMap(([statistic, predicted]) => {
    const measured = real[statistic];
    if (!compared.test(statistic) || typeof measured !== "number" || predicted === null) return [];
    const interval = intervals[statistic] ?? null;
    const half = interval === null || !(interval.low > 0) ? 0 : Math.log(interval.high / interval.low) / 2;
    const judgement = judgeError({
      sims: [mean(probes.map((probe) => probe.statistics[statistic]!))],
      reals: [measured],
      tolerance,
      simulation: { run: half, draws: half / Math.sqrt(probes.length), calibration: 0 },
    });
    if (judgement === null) return [];
    return [{ statistic, predicted, interval, measured, error: judgement.error, verdict: judgement.verdict }];
  });
}

/** A short run may not show that a load is too much: it ends before its queue has grown. */
function tooShort({ value, interval, unit }: Answer, loads: readonly VerifiedLoad[]): string[] {
  const high = interval?.high ?? value!;
  return loads
    .filter(({ x, predicted }) => x > high && predicted !== "no")
    .map(
      ({ x, requests }) =>
        `${requests} requests are too few to show that ${x} ${unit} are too much; a longer --duration, or more --num-prompts, would`,
    );
}

/** Wrong as soon as one load is: what the answer promised was not so, or what it ruled out was. */
function verdictOf(loads: readonly VerifiedLoad[]): Verification["verdict"] {
  if (loads.some(({ verdict }) => verdict === "differs")) return "wrong";
  const hasBoth = (["safe", "no"] as const).every((side) => loads.some(({ predicted }) => predicted === side));
  return hasBoth ? "right" : "cannot tell";
}
