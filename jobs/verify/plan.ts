/** Which loads check an answer, question by question. */
import { ConfigError, parseSlos, type Answer, type Goals } from "../../formats/index.js";
import { requestsToShow } from "../../sim/index.js";
import {
  inputAt,
  isLimit,
  readSource,
  scaledBy,
  tuneGoal,
  unlimited,
  type Deployment,
  type LoadSource,
} from "../answers/index.js";
import type { Served } from "../inputs/index.js";
import { readContent, type Scenario } from "../scenario/index.js";
import { parseChanges, withChanges } from "../whatif/index.js";
import { askedOf, ownOf, type Asked } from "./asked.js";
import { countOf, loadsAround, requireEnough, type Lengths, type LoadToSend, type Side, type VerifyPlan } from "./loads.js"; // prettier-ignore
import { sharesOf } from "./shares.js";
import { SESSIONS_ARE_NOT_SENT } from "./why-not-checked.js";

/** ConfigError for an answer that no real run can check, or loads that are too short for its goals. */
export async function planVerification(file: string, answer: Answer, lengths: Lengths): Promise<VerifyPlan> {
  const asked = askedOf(file, answer);
  switch (answer.question.name) {
    case "whatif":
      return planWhatif(answer, asked, lengths);
    case "tune":
      return planTune(answer, asked, lengths);
    case "size":
      return planSize(answer, asked, lengths);
    case "explain":
      return planExplain(asked, lengths);
    default:
      return planCapacity(answer, asked, lengths);
  }
}

async function deploymentOf({ served, prompts, goals }: Asked, vary: Deployment["vary"]): Promise<Deployment> {
  return { ...served, source: await requestsOf(served, prompts, vary), vary, goals };
}

/** ConfigError for a trace that turns out to be one of sessions. */
async function requestsOf(
  { load }: Served,
  prompts: string | undefined,
  vary: Deployment["vary"],
): Promise<LoadSource> {
  const source = await readSource(load, prompts, vary);
  if (source.kind !== "sessions") return source;
  throw new ConfigError(`${load.workload ?? "the load"} cannot be checked: ${SESSIONS_ARE_NOT_SENT}`);
}

async function planCapacity(answer: Answer, asked: Asked, lengths: Lengths): Promise<VerifyPlan> {
  const deployment = await deploymentOf(asked, ownOf(asked, "vary"));
  return { loads: loadsAround(answer, deployment, lengths), needs: ["safe", "no"], notes: [] };
}

async function planSize(answer: Answer, asked: Asked, lengths: Lengths): Promise<VerifyPlan> {
  const deployment = scaledBy(await deploymentOf(asked, "replicas"), asked.own.scale ?? 1);
  const value = answer.value!;
  const loads = sharesOf(deployment, value, lengths);
  const { router } = deployment;
  const isInTurn = router === "round-robin" || value === 1;
  return {
    loads,
    needs: value === 1 ? ["safe"] : ["safe", "no"],
    notes: [
      ...(isInTurn
        ? []
        : [`the router ${router} goes by what all replicas do; one replica's share is dealt in turn instead`]),
      ...(answer.sizing?.autoscale === undefined ? [] : ["the autoscaler is not checked: one server does not scale"]),
    ],
  };
}

async function planWhatif(answer: Answer, asked: Asked, lengths: Lengths): Promise<VerifyPlan> {
  const { file, served, prompts, goals } = asked;
  const before: Scenario = { ...served, content: await readContent(served.load, prompts) };
  const changes = parseChanges(ownOf(asked, "changes"), `${file}: question.asked.changes`);
  const changed = await withChanges(before, changes, prompts);
  const { differences = [] } = answer;
  const [slo] = goals.slos;
  const ofGoodput = goals.goodput === undefined ? "mean_e2el_ms" : "goodput_share";
  return planSides(
    { before, after: changed.scenario, whats: ["before the change", "after the change"], goals, prompts, lengths },
    {
      headline: slo === undefined ? ofGoodput : `${slo.name}_ms`,
      promised: new Map(differences.map(({ statistic, verdict }) => [statistic, verdict])),
      notes: changed.notes,
    },
  );
}

/** What a goal of `tune` is called among the statistics of a run. */
function keyOfGoal(name: string): string {
  return name === "goodput" ? "request_goodput" : `${name}_ms`;
}

async function planTune(answer: Answer, asked: Asked, lengths: Lengths): Promise<VerifyPlan> {
  const { served, prompts, goals } = asked;
  const { changes } = answer.tuning!;
  const hasChanges = Object.keys(changes).length > 0;
  const policy = { name: served.policy.name, settings: { ...served.policy.settings, ...changes } };
  const goal = tuneGoal(ownOf(asked, "goal"), { ...goals, slos: goals.slos.filter(isLimit) });
  if (goal.name === "throughput") {
    const deployment = await deploymentOf(asked, "request_rate");
    const best = { ...deployment, policy };
    const around = loadsAround(answer, best, lengths, "after").map((load): LoadToSend => ({
      ...load,
      what: hasChanges ? `${load.what}, with the settings found` : load.what,
    }));
    const [base] = hasChanges ? loadsAround({ ...answer, interval: null }, deployment, { ...lengths, loads: 1 }) : [];
    if (base === undefined) return { loads: around, needs: ["safe", "no"], notes: [] };
    const asWas = { ...base, what: `${base.what}, with the settings as they were`, folder: `${base.folder}-before` };
    return { loads: [asWas, ...around], needs: ["safe", "no"], notes: [] };
  }
  const headline = keyOfGoal(goal.name);
  const rest = { headline, notes: [] };
  const one = { goals: goal.goals, prompts, lengths };
  if (!hasChanges) return planOne(served, { what: "with the settings as they are", ...one }, rest);
  return planSides(
    {
      before: served,
      after: { ...served, policy },
      whats: ["with the settings as they were", "with the settings found"],
      ...one,
    },
    {
      ...rest,
      alone: "after",
      promised: new Map([[headline, answer.verdict === "better" ? "better" : "unclear"] as const]),
    },
  );
}

async function planExplain(asked: Asked, lengths: Lengths): Promise<VerifyPlan> {
  const { served, prompts } = asked;
  const statistic = ownOf(asked, "statistic");
  const goals: Goals = { slos: parseSlos(`${statistic}:1`).map(unlimited) };
  return planOne(
    served,
    { what: "the load explained", goals, prompts, lengths },
    {
      headline: `${statistic}_ms`,
      notes: ["checked are the latencies, not their parts or what a change would do: a client does not see these"],
    },
  );
}

interface Sides {
  readonly before: Served;
  readonly after: Served;
  readonly whats: readonly [string, string];
  readonly goals: Goals;
  readonly prompts: string | undefined;
  readonly lengths: Lengths;
}

/** Both send as many requests, so that they can be compared one by one. */
async function planSides(
  { before, after, whats, goals, prompts, lengths }: Sides,
  rest: Omit<VerifyPlan, "loads" | "needs">,
): Promise<VerifyPlan> {
  const count = await countFor(before, { goals, prompts, lengths });
  const loads = await Promise.all([
    sent(before, { side: "before", what: whats[0], goals, prompts, count }),
    sent(after, { side: "after", what: whats[1], goals, prompts, count }),
  ]);
  return { ...rest, loads };
}

interface One {
  readonly what: string;
  readonly goals: Goals;
  readonly prompts: string | undefined;
  readonly lengths: Lengths;
}

async function planOne(
  served: Served,
  { what, ...one }: One,
  rest: Omit<VerifyPlan, "loads" | "needs">,
): Promise<VerifyPlan> {
  const count = await countFor(served, one);
  return { ...rest, loads: [await sent(served, { side: "before", what, ...one, count })] };
}

async function asItIs(served: Served, { goals, prompts }: Pick<One, "goals" | "prompts">): Promise<Deployment> {
  return { ...served, source: await requestsOf(served, prompts, "replicas"), vary: "replicas", goals };
}

async function countFor(served: Served, { lengths, ...one }: Omit<One, "what">): Promise<number> {
  const { load, seed, replicas } = served;
  const all = { x: replicas, seed, draw: null, count: load.num_prompts ?? DEFAULT_COUNT };
  const { workload } = inputAt(await asItIs(served, one), all);
  return countOf(load, workload, lengths, requestsToShow(one.goals));
}

/** Of a load that does not say how many requests it has, as `simulate` has it. */
const DEFAULT_COUNT = 1000;

async function sent(
  served: Served,
  { side, what, count, ...one }: Omit<One, "lengths"> & { readonly side: Side; readonly count: number },
): Promise<LoadToSend> {
  const deployment = await asItIs({ ...served, load: { ...served.load, num_prompts: count } }, one);
  const point = { x: served.replicas, count };
  const { length } = inputAt(deployment, { ...point, seed: served.seed, draw: null }).workload.requests;
  requireEnough(length, deployment);
  return { what, folder: side, x: null, side, deployment, point: { ...point, count: length } };
}
