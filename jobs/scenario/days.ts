/** Days of several scenarios, spread over threads: each scenario on the same days, so that they can be compared day by day. */
import { availableParallelism } from "node:os";
import type { Goals } from "../../formats/index.js";
import { workerFile } from "../../formats/files/index.js";
import { GrowingLanes, type ThreadOptions } from "../threads/index.js";
import { explainDay, type ExplainedDay } from "./explain-day.js";
import { runDay, type DayResult } from "./run-day.js";
import type { Day, Scenario } from "./scenario.js";

export interface DaysOptions extends ThreadOptions {
  readonly onProgress?: ((done: number, atMost: number) => void) | undefined;
}

interface Base {
  readonly scenarios: readonly Scenario[];
  readonly goals: Goals;
}

interface Task {
  /** Of the scenarios. */
  readonly at: number;
  readonly day: Day;
  /** Whether the parts of its requests' times are wanted. */
  readonly isExplained: boolean;
}

type Result = DayResult | ExplainedDay;

export function dayOf({ scenarios, goals }: Base, { at, day, isExplained }: Task): Result {
  const scenario = scenarios[at]!;
  return isExplained ? explainDay(scenario, day) : runDay(scenario, day, goals);
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

async function spreadOver(base: Base, tasks: readonly Task[], options: DaysOptions): Promise<Result[]> {
  const { workers = availableParallelism(), signal, blocking, onProgress } = options;
  const lanes = new GrowingLanes<Base, Task, Result>({
    ...{ workers: Math.min(tasks.length, workers), signal, blocking },
    ...{ program: workerFile("scenarios"), base, work: dayOf },
  });
  try {
    return await lanes.run(tasks, (done) => onProgress?.(done, tasks.length));
  } finally {
    await lanes.close();
  }
}
