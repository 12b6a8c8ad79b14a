/**
 * Runs a case fast, step by step, and watched, where the scheduler says who does what in every step, and says where
 * the results differ. Step by step all replicas are on one clock, also where none changes what another one does.
 */
import { ConfigError, defined, type Workload } from "../../formats/index.js";
import { simulateSteps, vllmSchedulers, type EngineName, type StepObserver } from "../../sim/index.js";
import { stepCost, type FastCase } from "./cases.js";

export const columns = [
  "arrivalNs",
  "sentNs",
  "scheduledNs",
  "firstTokenNs",
  "lastTokenNs",
  "promptTokens",
  "outputTokens",
  "cachedTokens",
  "preemptions",
  "ok",
] as const;

export interface BothEngines {
  readonly differences: readonly string[];
  readonly steps: number;
  readonly jumpedSteps: number;
  /** Of drawn times, taken in runs. */
  readonly runSteps: number;
  readonly preemptions: number;
}

type Result = ReturnType<typeof simulateSteps>;

const unmoved = (): void => undefined;
const watcher: StepObserver = { queued: unmoved, taken: unmoved, scheduled: unmoved, sent: unmoved };

/** Every request's times, tokens and preemptions, steps, busy time, KV high-water marks and gap statistics. */
export function compareEngines(fastCase: FastCase): BothEngines {
  const run = (engine: EngineName, observer?: () => StepObserver): Result => {
    const { limits, replicas, router, routerBeta } = fastCase;
    const workload = engine === "step" ? onOneClock(fastCase.workload) : fastCase.workload;
    const policy = vllmSchedulers(limits);
    const cost = (replica: number): ReturnType<typeof stepCost> => stepCost(fastCase, replica);
    const asked = { workload, policy, cost, engine, replicas, router, routerBeta, seed: "7" };
    return simulateSteps({ ...asked, ...defined({ observer }) });
  };
  const fast = outcome(() => run("fast"));
  const step = outcome(() => run("step"));
  const watched = outcome(() => run("step", () => watcher));
  const differences = [
    ...differencesOf(fast, step, "fast", fastCase.replicas),
    ...differencesOf(watched, step, "watched", fastCase.replicas),
  ];
  const skipped = typeof step === "string" ? 0 : step.jumpedSteps + step.runSteps;
  if (skipped > 0) differences.push(`the step engine took ${skipped} steps at once`);
  const none = { steps: 0, jumpedSteps: 0, runSteps: 0, preemptions: 0 };
  const { steps, jumpedSteps, runSteps, preemptions } = typeof fast === "string" ? none : fast;
  return { differences, steps, jumpedSteps, runSteps, preemptions };
}

function differencesOf(one: Result | string, step: Result | string, name: string, replicas: number): string[] {
  if (typeof one === "string" || typeof step === "string") {
    // Which of several replicas that are stuck is named depends on which is simulated first.
    const areAlike = one === step || (typeof one === typeof step && replicas > 1);
    return areAlike ? [] : [`${name} ${said(one)}, step ${said(step)}`];
  }
  const differences: string[] = [];
  const compare = (what: string, got: unknown, expected: unknown): void => {
    const [a, b] = [JSON.stringify(got), JSON.stringify(expected)];
    if (a !== b) differences.push(`${what}: ${name} ${a}, step ${b}`);
  };
  for (const column of columns) {
    for (let row = 0; row < step.log.rows; row++) {
      const [got, expected] = [one.log[column][row]!, step.log[column][row]!];
      if (!Object.is(got, expected)) differences.push(`${column} of request ${row}: ${name} ${got}, step ${expected}`);
    }
  }
  for (const column of ["takenNs", "firstNs", "lastNs"] as const) {
    const [got, expected] = [one.log.serverTimes?.[column], step.log.serverTimes?.[column]];
    expected?.forEach((ns, row) => {
      if (!Object.is(got?.[row], ns))
        differences.push(`server's ${column} of request ${row}: ${name} ${got?.[row]}, step ${ns}`);
    });
  }
  const rejectionsOf = ({ log }: Result): unknown => [...log.rejections].sort(([a], [b]) => a - b);
  compare("rejections", rejectionsOf(one), rejectionsOf(step));
  compare("gaps", [one.log.gaps.gaps, one.log.gaps.describe()], [step.log.gaps.gaps, step.log.gaps.describe()]);
  for (const fact of facts) compare(fact, one[fact], step[fact]);
  compare("extrapolation", one.extrapolation, step.extrapolation);
  return differences;
}

const facts = [
  "steps",
  "busyNs",
  "hostBusyNs",
  "frontEndBusyNs",
  "admissionStops",
  "preemptions",
  "kvHighWater",
] as const;

/** The same requests at the same times: a limit on concurrency that is never reached, so that replicas are not apart. */
export function onOneClock(workload: Workload): Workload {
  const isOpen = workload.maxConcurrency === Infinity && workload.sessions === undefined;
  return isOpen ? { ...workload, maxConcurrency: workload.requests.length } : workload;
}

/** The result, or the message of settings that get the scheduler stuck. */
export function outcome<Result>(run: () => Result): Result | string {
  try {
    return run();
  } catch (error) {
    if (error instanceof ConfigError && error.message.startsWith("livelock")) return error.message;
    throw error;
  }
}

function said(result: unknown): string {
  return typeof result === "string" ? `stopped: ${result}` : "went through";
}
