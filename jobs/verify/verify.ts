/** Checks an answer: sends its loads for real, and holds what was measured against what was predicted of each. */
import {
  VERIFICATION_VERSION,
  type Answer,
  type Run,
  type Verification,
  type VerifiedLoad,
} from "../../formats/index.js";
import { isDisturbed } from "../../report/compare/index.js";
import type { SimulatedRunInput } from "../../sim/index.js";
import { inputAt, withCrew, type CrewOptions, type DetailedProbe } from "../answers/index.js";
import { replicationTasks } from "../replicate/index.js";
import { differencesOf } from "./differences.js";
import { judgeLoad, statisticsOfRun } from "./judge-load.js";
import type { LoadToSend, VerifyPlan } from "./loads.js";

/** A real run of one load, and the folder that it is kept in. */
export interface Measured {
  readonly run: Run;
  readonly folder: string | null;
}

export interface VerifyInput {
  readonly answer: Answer;
  readonly plan: VerifyPlan;
  /** Sends a load for real; the input is what is simulated of it. */
  measure(load: LoadToSend, input: SimulatedRunInput, at: number): Promise<Measured>;
  readonly tolerance: number;
  readonly replications?: number | undefined;
  readonly notes?: readonly string[];
}

const DEFAULT_DAYS = 12;

export async function verify(input: VerifyInput, options: CrewOptions = {}): Promise<Verification> {
  const { answer, plan, tolerance, replications = DEFAULT_DAYS, notes = [] } = input;
  const { loads } = plan;
  // All predictions are made before anything is measured.
  const predicted = await predictionsOf(loads, replications, options);
  const verified: VerifiedLoad[] = [];
  const measured: Readonly<Record<string, number>>[] = [];
  const remarks: string[] = [];
  let disturbed = 0;
  for (const [at, load] of loads.entries()) {
    const { deployment, point } = load;
    const real = inputAt(deployment, { ...point, seed: deployment.seed, draw: null });
    const { run, folder } = await input.measure(load, real, at);
    const sent = { run, workload: real.workload };
    const values = statisticsOfRun(sent, deployment);
    measured.push(values);
    verified.push(
      judgeLoad(load, { ...sent, probes: predicted[at]!, values, folder, tolerance, headline: plan.headline }),
    );
    if (isDisturbed(run)) disturbed++;
    for (const reason of run.info.valid?.reasons ?? []) remarks.push(`${load.what}: ${reason}`);
  }
  if (disturbed > 0) {
    const of = `${disturbed} of ${loads.length} real runs`;
    remarks.push(`${of} were disturbed: they may confirm the answer, but not refute it`);
  }
  const differences = differencesOf(plan, { predicted, measured, tolerance, isDisturbed: disturbed > 0 });
  return {
    version: VERIFICATION_VERSION,
    question: answer.question.name,
    goal: answer.question.goal,
    value: answer.value,
    unit: answer.unit,
    interval: answer.interval,
    tolerance,
    loads: verified,
    ...(differences === undefined ? {} : { differences }),
    verdict: verdictOf(plan, verified, differences),
    notes: [...plan.notes, ...notes, ...remarks, ...tooShort(plan, answer, verified)],
  };
}

/** By load, then by day. */
async function predictionsOf(
  loads: readonly LoadToSend[],
  replications: number,
  options: CrewOptions,
): Promise<DetailedProbe[][]> {
  const { deployment } = loads[0]!;
  const tasks = loads.flatMap((load) =>
    replicationTasks(load.deployment, replications).map(({ seed, draw }) => ({
      point: { ...load.point, seed, draw },
      changes: load.deployment === deployment ? undefined : load.deployment,
    })),
  );
  const probes = await withCrew(deployment, options, (crew) => crew.run("detail", tasks, "predicting"));
  return loads.map((_, at) => probes.slice(at * replications, (at + 1) * replications));
}

/** Of loads on both sides of an edge: a short run may not show that one is too much, since it ends before its queue has grown. */
function tooShort(
  { needs = [] }: VerifyPlan,
  { question, value, interval, unit }: Answer,
  loads: readonly VerifiedLoad[],
): string[] {
  if (!needs.includes("no")) return [];
  const isBeyond = ({ x }: VerifiedLoad): boolean =>
    x !== null && (question.name === "size" ? x < value! : x > (interval?.high ?? value!));
  return loads
    .filter((load) => isBeyond(load) && load.predicted !== "no")
    .map(({ x, requests }) => {
      const what = question.name === "size" ? `${x!} replicas are too few` : `${x!} ${unit} are too much`;
      return `${requests} requests are too few to show that ${what}; a longer --duration, or more --num-prompts, would`;
    });
}

/** Goals that came out otherwise in a run that was disturbed, which refutes nothing, but confirms nothing either. */
function isOtherwise({ predicted, measured }: VerifiedLoad): boolean {
  return predicted === (measured === "missed" ? "safe" : "no");
}

/** Wrong as soon as one thing is: what the answer promised was not so, or what it ruled out was. */
function verdictOf(
  { loads: planned, needs, headline, promised, alone }: VerifyPlan,
  loads: readonly VerifiedLoad[],
  differences: Verification["differences"],
): Verification["verdict"] {
  if (loads.some(({ predicted, verdict }) => predicted !== null && verdict === "differs")) return "wrong";
  if (needs !== undefined) {
    return !loads.some(isOtherwise) && needs.every((side) => loads.some(({ predicted }) => predicted === side))
      ? "right"
      : "cannot tell";
  }
  if (loads.some(isOtherwise)) return "cannot tell";
  const decides = (differences ?? loads.at(-1)!.statistics).find(({ statistic }) => statistic === headline);
  if (decides?.verdict === "differs") return "wrong";
  const isHalf = promised !== undefined && differences === undefined && planned[0]!.side !== alone;
  return decides?.verdict === "agrees" && !isHalf ? "right" : "cannot tell";
}
