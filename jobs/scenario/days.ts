/** Days of several scenarios, spread over threads: each scenario on the same days, so that they can be compared day by day. */
import { availableParallelism } from "node:os";
import type { Goals } from "../../formats/index.js";
import { workerFile } from "../../formats/files/index.js";
import { asUsual, GrowingLanes, type Blocking } from "../threads/index.js";
import { explainDay, type ExplainedDay } from "./explain-day.js";
import { runDay, type DayResult } from "./run-statistics.js";
import type { Day, Scenario } from "./scenario.js";

export interface DaysOptions {
  /** Threads; 1: this one; absent: one for each core. What comes out does not depend on it. */
  readonly workers?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Runs work that blocks this thread, and with it the handling of signals. */
  readonly blocking?: Blocking | undefined;
  onProgress?(done: number, atMost: number): void;
}

interface Base {
  readonly scenarios: readonly Scenario[];
  readonly goals: Goals;
}

interface Task {
  readonly at: number;
  readonly day: Day;
  /** Whether the parts of its requests' times are wanted. */
  readonly isExplained: boolean;
}

export function dayOf({ scenarios, goals }: Base, { at, day, isExplained }: Task): DayResult | ExplainedDay {
  const scenario = scenarios[at]!;
  return isExplained ? explainDay(scenario, day) : runDay({ scenario, day, goals });
}

/** `days`: as many of each scenario. By scenario, then by day. */
export async function simulateDays(
  base: Base,
  days: readonly (readonly Day[])[],
  options: DaysOptions = {},
): Promise<DayResult[][]> {
  const { scenarios } = base;
  const tasks = days[0]!.flatMap((_, day) =>
    scenarios.map((__, at): Task => ({ at, day: days[at]![day]!, isExplained: false })),
  );
  const results = (await spreadOver(base, tasks, options)) as DayResult[];
  return scenarios.map((_, at) => results.filter((__, index) => index % scenarios.length === at));
}

/** Takes every step of each day, so it takes longer. */
export async function explainDays(
  scenario: Scenario,
  days: readonly Day[],
  options: DaysOptions = {},
): Promise<ExplainedDay[]> {
  const tasks = days.map((day): Task => ({ at: 0, day, isExplained: true }));
  return (await spreadOver({ scenarios: [scenario], goals: { slos: [] } }, tasks, options)) as ExplainedDay[];
}

type Result = DayResult | ExplainedDay;

async function spreadOver(base: Base, tasks: readonly Task[], options: DaysOptions): Promise<Result[]> {
  const workers = Math.min(tasks.length, options.workers ?? availableParallelism());
  const lanes = new GrowingLanes<Base, Task, Result>({
    workers,
    isLong: false,
    program: workerFile("scenarios"),
    base,
    remedy: "with fewer requests (--num-prompts) it needs less memory",
    work: dayOf,
    blocking: options.blocking ?? asUsual,
  });
  try {
    return await lanes.run(tasks, {
      signal: options.signal,
      onDone: (done) => options.onProgress?.(done, tasks.length),
    });
  } finally {
    await lanes.close();
  }
}
