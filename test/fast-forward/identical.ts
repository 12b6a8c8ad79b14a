/**
 * Runs a case with both engines and says where their results differ. The reference has all replicas on one clock, also
 * where none changes what another one does.
 */
import { ConfigError, type Workload } from "../../formats/index.js";
import { simulateSteps, vllmSchedulers, type EngineName } from "../../sim/index.js";
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

/** Every request's times, tokens and preemptions, steps, busy time, KV high-water marks and gap statistics. */
export function compareEngines(fastCase: FastCase): BothEngines {
  const run = (engine: EngineName): ReturnType<typeof simulateSteps> => {
    const { limits, replicas, router, routerBeta } = fastCase;
    const workload = engine === "step" ? onOneClock(fastCase.workload) : fastCase.workload;
    const policy = vllmSchedulers(limits);
    const cost = (replica: number): ReturnType<typeof stepCost> => stepCost(fastCase, replica);
    return simulateSteps({ workload, policy, cost, engine, replicas, router, routerBeta, seed: "7" });
  };
  const [fast, step] = [outcome(() => run("fast")), outcome(() => run("step"))];
  if (typeof fast === "string" || typeof step === "string") {
    // Which of several replicas that are stuck is named depends on which is simulated first.
    const areAlike = fast === step || (typeof fast === typeof step && fastCase.replicas > 1);
    const differences = areAlike ? [] : [`fast ${said(fast)}, step ${said(step)}`];
    return { differences, steps: 0, jumpedSteps: 0, runSteps: 0, preemptions: 0 };
  }
  const differences: string[] = [];
  const compare = (what: string, got: unknown, expected: unknown): void => {
    const [a, b] = [JSON.stringify(got), JSON.stringify(expected)];
    if (a !== b) differences.push(`${what}: fast ${a}, step ${b}`);
  };
  for (const column of columns) {
    for (let row = 0; row < step.log.rows; row++) {
      const [got, expected] = [fast.log[column][row]!, step.log[column][row]!];
      if (!Object.is(got, expected)) differences.push(`${column} of request ${row}: fast ${got}, step ${expected}`);
    }
  }
  for (const column of ["takenNs", "firstNs", "lastNs"] as const) {
    const [got, expected] = [fast.log.serverTimes?.[column], step.log.serverTimes?.[column]];
    expected?.forEach((ns, row) => {
      if (!Object.is(got?.[row], ns))
        differences.push(`server's ${column} of request ${row}: fast ${got?.[row]}, step ${ns}`);
    });
  }
  const rejectionsOf = ({ log }: typeof fast): unknown => [...log.rejections].sort(([a], [b]) => a - b);
  compare("rejections", rejectionsOf(fast), rejectionsOf(step));
  compare("gaps", [fast.log.gaps.gaps, fast.log.gaps.describe()], [step.log.gaps.gaps, step.log.gaps.describe()]);
  const facts = [
    "steps",
    "busyNs",
    "hostBusyNs",
    "frontEndBusyNs",
    "admissionStops",
    "preemptions",
    "kvHighWater",
  ] as const;
  for (const fact of facts) compare(fact, fast[fact], step[fact]);
  compare("extrapolation", fast.extrapolation, step.extrapolation);
  const skipped = step.jumpedSteps + step.runSteps;
  if (skipped > 0) differences.push(`the step engine took ${skipped} steps at once`);
  const { steps, jumpedSteps, runSteps, preemptions } = fast;
  return { differences, steps, jumpedSteps, runSteps, preemptions };
}

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
