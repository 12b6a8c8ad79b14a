/** Replications as one run: the records of the first, means of the summaries, and an interval for each statistic. */
import { withInfo, type Run } from "../../formats/index.js";
import {
  mean,
  meanRunPaceScore,
  predictionInterval,
  variancePartsOf,
  type KnownCauses,
  type VarianceParts,
} from "../../sim/index.js";
import type { Causes } from "./causes.js";
import type { ReplicationResult, ReplicationTask, SummaryValues } from "./task.js";

/** One real run lies between `low` and `high` with a probability of 90 %; standard deviations by cause. */
export interface PredictedInterval extends VarianceParts {
  readonly low: number;
  readonly high: number;
}

/** By the summary's key; statistics that some replication has no value for are left out. */
export type PredictedIntervals = Readonly<Record<string, PredictedInterval>>;

export interface MergeInput {
  /** The first replication's, whose records are kept. */
  readonly run: Run;
  readonly results: readonly ReplicationResult[];
  readonly tasks: readonly ReplicationTask[];
  readonly causes: Causes;
  readonly replicas: number;
  /** What the reader of the intervals should know. */
  readonly notes: readonly string[];
}

export function merge(input: MergeInput): Run {
  const { run, results } = input;
  const notes = [...notesOf(results), ...input.notes];
  const info = {
    ...run.info,
    ...(run.info.preemptions === undefined ? {} : { preemptions: mean(results.map((one) => one.preemptions)) }),
    replications: results.length,
    ...(notes.length === 0 ? {} : { notes }),
    summary: meanSummary(results.map(({ summary }) => summary)),
    ...(results.length === 1 ? {} : { intervals: intervalsOf(input), by_replication: byReplication(results) }),
  };
  return withInfo(run, info);
}

function intervalsOf({ results, tasks, causes, replicas }: MergeInput): PredictedIntervals {
  // Those that were made; more were planned when fewer turned out to be enough.
  const made = tasks.slice(0, results.length);
  const run = causes.run ? made.map(({ seed }) => meanRunPaceScore(seed, replicas)) : undefined;
  const entries = Object.keys(results[0]!.summary).flatMap((key) => {
    const values = numbersOf(results, ({ summary }) => summary[key]);
    const interval = values === undefined ? null : predictionInterval(values);
    if (values === undefined || interval === null) return [];
    const calibration = causes.calibration
      ? numbersOf(results, ({ steady, summary }) => (steady ?? summary)[key])
      : undefined;
    const known: KnownCauses = { run, calibration };
    const [low, high] = interval;
    return [[key, { low, high, ...variancePartsOf(values, known, causes.seed) }] as const];
  });
  return Object.fromEntries(entries);
}

/** What is drawn of single replications, in the order of their seeds, to six digits. */
export const replicationKeys = ["mean_ttft_ms", "p95_ttft_ms", "mean_e2el_ms", "p95_e2el_ms"] as const;

function byReplication(results: readonly ReplicationResult[]): Readonly<Record<string, readonly number[]>> {
  const entries = replicationKeys.flatMap((key) => {
    const values = numbersOf(results, ({ summary }) => summary[key]);
    return values === undefined ? [] : [[key, values.map((value) => Number(value.toPrecision(6)))] as const];
  });
  return Object.fromEntries(entries);
}

/** Undefined where one of them is not known. */
function numbersOf(
  results: readonly ReplicationResult[],
  of: (result: ReplicationResult) => unknown,
): number[] | undefined {
  const values = results.map(of).filter((value) => typeof value === "number");
  return values.length < results.length ? undefined : values;
}

/** Means of numbers, null where one is not known; lists joined; true when it is in half of them. */
function meanSummary(summaries: readonly SummaryValues[]): SummaryValues {
  if (summaries.length === 1) return summaries[0]!;
  const entries = Object.keys(summaries[0]!).map((key) => {
    const values = summaries.map((summary) => summary[key]);
    const [first] = values;
    if (values.some((value) => value === null || value === undefined)) return [key, null] as const;
    if (typeof first === "number") return [key, exactMean(values as number[])] as const;
    if (typeof first === "boolean") return [key, 2 * values.filter(Boolean).length >= values.length] as const;
    return [key, Array.isArray(first) ? [...new Set((values as unknown[][]).flat())] : first] as const;
  });
  return Object.fromEntries(entries);
}

/** The mean of equal values is exactly that value. */
function exactMean(values: readonly number[]): number {
  return values.every((value) => value === values[0]) ? values[0]! : mean(values);
}

/** Those of the first, and those of the others that differ in more than a number. */
function notesOf(results: readonly ReplicationResult[]): string[] {
  const told = new Map<string, string>();
  for (const note of results.flatMap(({ notes }) => notes)) {
    const kind = note.replaceAll(/[\d.,]+/g, "#");
    if (!told.has(kind)) told.set(kind, note);
  }
  return [...told.values()];
}
