/** One load measured: its goals and statistics beside what was predicted of them. */
import type { RequestTable, Run, VerifiedLoad, VerifiedStatistic, Workload } from "../../formats/index.js";
import { isDisturbed, judgeError } from "../../report/compare/index.js";
import { columnsIn, mean, measureGoals, summarise, type GoalValue } from "../../sim/index.js";
import {
  evidenceOf,
  goalStatistics,
  goalVerdictOf,
  hasSteadyTurns,
  isLimit,
  isSteadyLoad,
  sessionGoals,
  steadyPart,
  type Deployment,
  type DetailedProbe,
} from "../answers/index.js";
import type { LoadToSend } from "./loads.js";

type Values = Readonly<Record<string, number>>;

/** A run that was measured, and the workload that was sent: row i is request i. */
interface Sent {
  readonly run: Run;
  readonly workload: Workload;
}

/** What a run measured, by the keys of a run's summary and of its goals; of sessions, its steady part. */
export function statisticsOfRun(sent: Sent, deployment: Deployment): Values {
  const { summary, statistics } = hasSteadyTurns(deployment)
    ? steadyPart({ table: tableOf(sent.run), facts: sent.run.info }, sent.workload)
    : { summary: summarise(columnsIn(sent.run)), statistics: {} };
  const numbers = Object.entries(summary).filter(([, value]) => typeof value === "number") as [string, number][];
  const ofGoals = goalStatistics(goalsOf(sent, deployment));
  return withGoodput({ ...Object.fromEntries(numbers), ...ofGoals, ...statistics });
}

/** Requests per second within the limits, where there are some. */
export function withGoodput(values: Values): Values {
  const { goodput_share: share, request_throughput: throughput } = values;
  return share === undefined || throughput === undefined ? values : { ...values, request_goodput: share * throughput };
}

function goalsOf({ run, workload }: Sent, deployment: Deployment): readonly GoalValue[] {
  if (hasSteadyTurns(deployment)) return sessionGoals(deployment, { table: tableOf(run) }, workload);
  return measureGoals({ table: columnsIn(run) }, deployment.goals, { isSteady: isSteadyLoad(deployment) }).goals;
}

function tableOf(run: Run): RequestTable {
  return run.table ?? { ...columnsIn(run), record: (row) => run.requests[row]! };
}

interface Judged extends Sent {
  readonly probes: readonly DetailedProbe[];
  readonly values: Values;
  readonly folder: string | null;
  readonly tolerance: number;
  /** Decides where there are no goals. */
  readonly headline: string | undefined;
}

export function judgeLoad(
  load: LoadToSend,
  { probes, run, workload, values, folder, tolerance, headline }: Judged,
): VerifiedLoad {
  const statistics = statisticsOf(probes, { real: values, tolerance, isDisturbed: isDisturbed(run) });
  const outcome = outcomeOf(load.deployment, goalsOf({ run, workload }, load.deployment), probes) ?? {
    predicted: null,
    measured: null,
    worst: null,
    verdict: statistics.find(({ statistic }) => statistic === headline)?.verdict ?? "cannot tell",
  };
  const said = { ...outcome, verdict: ifUndisturbed(outcome.verdict, isDisturbed(run)) };
  return { what: load.what, x: load.x, requests: run.requests.length, ...said, statistics, run: folder };
}

/** A run that was disturbed may agree; that it does not says nothing. */
export function ifUndisturbed(verdict: VerifiedLoad["verdict"], wasDisturbed: boolean): VerifiedLoad["verdict"] {
  return wasDisturbed && verdict === "differs" ? "cannot tell" : verdict;
}

type LoadOutcome = Pick<VerifiedLoad, "predicted" | "measured" | "worst" | "verdict">;

/**
 * Each goal by itself: one that was sure to be met and was missed, or sure to be missed and was met, is enough, whatever chance does
 * to the others in a short run. Else the load as a whole, which misses its goals where it misses one. Undefined: nothing is limited.
 */
function outcomeOf(
  { goals: { slos, goodput } }: Deployment,
  goals: readonly GoalValue[],
  probes: readonly DetailedProbe[],
): LoadOutcome | undefined {
  if (goodput === undefined && !slos.some(isLimit)) return undefined;
  const judgedGoals = goals.map((goal, at) => {
    const predicted = goalVerdictOf(probes.map((probe) => probe.goals[at]!.ratio));
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

const compared = /^(mean|p[\d.]+)_(ttft|tpot|e2el)_ms$|^goodput_share$|^request_goodput$|^cached_share$/;

interface Real {
  readonly real: Values;
  readonly tolerance: number;
  readonly isDisturbed: boolean;
}

function statisticsOf(
  probes: readonly DetailedProbe[],
  { real, tolerance, isDisturbed: wasDisturbed }: Real,
): VerifiedStatistic[] {
  const days = probes.map((probe) => withGoodput(probe.statistics));
  const { statistics, intervals } = evidenceOf({}, days);
  return Object.entries(statistics).flatMap(([statistic, predicted]) => {
    const measured = real[statistic];
    if (!compared.test(statistic) || measured === undefined || predicted === null) return [];
    const interval = intervals[statistic] ?? null;
    const half = interval === null || !(interval.low > 0) ? 0 : Math.log(interval.high / interval.low) / 2;
    const judgement = judgeError({
      sims: [mean(days.map((day) => day[statistic]!))],
      reals: [measured],
      tolerance,
      isDisturbed: wasDisturbed,
      simulation: { run: half, draws: half / Math.sqrt(probes.length), calibration: 0 },
    });
    if (judgement === null) return [];
    return [{ statistic, predicted, interval, measured, error: judgement.error, verdict: judgement.verdict }];
  });
}
