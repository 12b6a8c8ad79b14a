/** Which loads check an answer, question by question. */
import { ConfigError, parseSlos, type Answer, type Goals } from "../../formats/index.js";
import { requestsToShow } from "../../sim/index.js";
import {
  hasSteadyTurns,
  inputAt,
  isLimit,
  isOfSessions,
  mostRequests,
  readSource,
  scaledBy,
  tuneGoal,
  unlimited,
  type Deployment,
} from "../answers/index.js";
import type { Served } from "../inputs/index.js";
import { readContent, type Scenario } from "../scenario/index.js";
import { headlineOf, parseChanges, withChanges } from "../whatif/index.js";
import { askedOf, ownOf, type Asked } from "./asked.js";
import {
  countOf,
  givenCount,
  loadsAround,
  requireEnough,
  sessionCounts,
  type Lengths,
  type LoadToSend,
  type Side,
  type VerifyPlan,
} from "./loads.js";
import { sharesOf } from "./shares.js";

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
  return { ...served, source: await readSource(served.load, prompts, vary), vary, goals };
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
  requireWholeSessions(deployment, value);
  const notes: string[] = [];
  if (router !== "round-robin" && value > 1)
    notes.push(
      `the router ${router} depends on the state of all replicas; one replica's share is taken in turn instead`,
    );
  if (answer.sizing?.autoscale !== undefined) notes.push("the autoscaler is not checked: one server does not scale");
  return { loads, needs: value === 1 ? ["safe"] : ["safe", "no"], notes };
}

/** ConfigError for turns of one session on several replicas, each of which caches only some of them. */
function requireWholeSessions({ source, router }: Deployment, value: number): void {
  if (!isOfSessions({ source }) || value === 1 || router === "session-affinity") return;
  throw new ConfigError(
    `the router ${router} may send turns of one session to different replicas, and one server cannot show what one of ` +
      `them gets; ask for the size with --router session-affinity`,
  );
}

async function planWhatif(answer: Answer, asked: Asked, lengths: Lengths): Promise<VerifyPlan> {
  const { file, served, prompts, goals } = asked;
  const before: Scenario = { ...served, content: await readContent(served.load, prompts) };
  const changes = parseChanges(ownOf(asked, "changes"), `${file}: question.asked.changes`);
  const changed = await withChanges(before, changes, prompts);
  const { differences = [] } = answer;
  return planSides(
    [
      { side: "before", what: "before the change", served: before },
      { side: "after", what: "after the change", served: changed.scenario },
    ],
    { goals, prompts, lengths, countsAll: true },
    {
      headline: headlineOf(goals),
      promised: new Map(differences.map(({ statistic, verdict }) => [statistic, verdict])),
      notes: changed.notes,
    },
  );
}

async function planTune(answer: Answer, asked: Asked, lengths: Lengths): Promise<VerifyPlan> {
  const { served, prompts, goals } = asked;
  const { changes } = answer.tuning!;
  const hasChanges = Object.keys(changes).length > 0;
  const policy = { name: served.policy.name, settings: { ...served.policy.settings, ...changes } };
  const goal = tuneGoal(ownOf(asked, "goal"), { ...goals, slos: goals.slos.filter(isLimit) });
  if (goal.name === "throughput") {
    const deployment = await deploymentOf(asked, "request_rate");
    const around = loadsAround(answer, { ...deployment, policy }, lengths, "after");
    const needs = ["safe", "no"] as const;
    if (!hasChanges) return { loads: around, needs, notes: [] };
    const before = loadsAround({ ...answer, interval: null }, deployment, { ...lengths, loads: 1 }).map((load) => ({
      ...load,
      what: `${load.what}, with the settings as they were`,
      folder: `${load.folder}-before`,
    }));
    const after = around.map((load) => ({ ...load, what: `${load.what}, with the settings found` }));
    return { loads: [...before, ...after], needs, notes: [] };
  }
  const headline = goal.name === "goodput" ? "request_goodput" : `${goal.name}_ms`;
  const counting = { goals: goal.goals, prompts, lengths, countsAll: false };
  const before = { side: "before", served } as const;
  if (!hasChanges)
    return planSides([{ ...before, what: "with the settings as they are" }], counting, { headline, notes: [] });
  return planSides(
    [
      { ...before, what: "with the settings as they were" },
      { side: "after", what: "with the settings found", served: { ...served, policy } },
    ],
    counting,
    {
      ...{ headline, notes: [], alone: "after" },
      promised: new Map([[headline, answer.verdict === "better" ? "better" : "unclear"] as const]),
    },
  );
}

async function planExplain(asked: Asked, lengths: Lengths): Promise<VerifyPlan> {
  const { served, prompts } = asked;
  const statistic = ownOf(asked, "statistic");
  const goals: Goals = { slos: parseSlos(`${statistic}:1`).map(unlimited) };
  return planSides(
    [{ side: "before", what: "the load explained", served }],
    { goals, prompts, lengths, countsAll: true },
    {
      headline: `${statistic}_ms`,
      notes: ["checked are the latencies, not their parts or what a change would do: a client does not see these"],
    },
  );
}

interface AskedSide {
  readonly side: Side;
  readonly what: string;
  readonly served: Served;
}

/** How loads that are sent as they are count. */
interface Counting {
  readonly goals: Goals;
  readonly prompts: string | undefined;
  readonly lengths: Lengths;
  /** Of sessions: whole runs, not their steady part. */
  readonly countsAll: boolean;
}

/** Each sends as many requests as the first, so that two can be compared one by one. */
async function planSides(
  sides: readonly AskedSide[],
  counting: Counting,
  rest: Omit<VerifyPlan, "loads" | "needs">,
): Promise<VerifyPlan> {
  const count = await countFor(sides[0]!.served, counting);
  const loads = await Promise.all(sides.map((side) => sent(side, counting, count)));
  return { ...rest, loads };
}

async function asItIs(served: Served, { goals, prompts, countsAll }: Counting): Promise<Deployment> {
  const source = await readSource(served.load, prompts, "replicas");
  return { ...served, source, vary: "replicas", goals, countsAll };
}

/** As `simulate` has it, of a load that does not say how many requests or sessions it has. */
const DEFAULT_COUNT = 1000;
const DEFAULT_SESSIONS = 100;

/** Requests, or sessions: all of the load's, or as many as a steady part takes where that is what counts. */
async function countFor(served: Served, counting: Counting): Promise<number> {
  const { load, seed, replicas } = served;
  const { lengths, goals } = counting;
  const deployment = await asItIs(served, counting);
  const given = givenCount(deployment, lengths);
  if (hasSteadyTurns(deployment)) return sessionCounts(deployment, lengths)(replicas);
  if (isOfSessions(deployment))
    return given ?? load.num_sessions ?? Math.min(DEFAULT_SESSIONS, mostRequests(deployment.source));
  const all = { x: replicas, seed, draw: null, count: load.num_prompts ?? DEFAULT_COUNT };
  return countOf(load, inputAt(deployment, all).workload, lengths, requestsToShow(goals));
}

async function sent({ side, what, served }: AskedSide, counting: Counting, count: number): Promise<LoadToSend> {
  const { load, seed, replicas: x } = served;
  const given = await asItIs(served, counting);
  const limited = { ...served, load: { ...load, num_prompts: count } };
  const deployment = isOfSessions(given) ? given : await asItIs(limited, counting);
  const { requests, sessions } = inputAt(deployment, { x, count, seed, draw: null }).workload;
  requireEnough(requests.length, deployment);
  const point = { x, count: sessions === undefined ? requests.length : count };
  return { what, folder: side, x: null, side, deployment, point };
}
