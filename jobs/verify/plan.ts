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
import { parseChanges, withChanges } from "../whatif/index.js";
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
  const isInTurn = router === "round-robin" || value === 1;
  return {
    loads,
    needs: value === 1 ? ["safe"] : ["safe", "no"],
    notes: [
      ...(isInTurn
        ? []
        : [`the router ${router} depends on the state of all replicas; one replica's share is taken in turn instead`]),
      ...(answer.sizing?.autoscale === undefined ? [] : ["the autoscaler is not checked: one server does not scale"]),
    ],
  };
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
  const [slo] = goals.slos;
  const ofGoodput = goals.goodput === undefined ? "mean_e2el_ms" : "goodput_share";
  return planSides(
    {
      ...{ before, after: changed.scenario, whats: ["before the change", "after the change"] },
      ...{ goals, prompts, lengths, countsAll: true },
    },
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
  const one = { goals: goal.goals, prompts, lengths, countsAll: false };
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
    { what: "the load explained", goals, prompts, lengths, countsAll: true },
    {
      headline: `${statistic}_ms`,
      notes: ["checked are the latencies, not their parts or what a change would do: a client does not see these"],
    },
  );
}

/** How loads that are sent as they are count. */
interface Counting {
  readonly goals: Goals;
  readonly prompts: string | undefined;
  readonly lengths: Lengths;
  /** Of sessions: whole runs, not their steady part. */
  readonly countsAll: boolean;
}

interface Sides extends Counting {
  readonly before: Served;
  readonly after: Served;
  readonly whats: readonly [string, string];
}

/** Both send as many requests, so that they can be compared one by one. */
async function planSides(
  { before, after, whats, ...counting }: Sides,
  rest: Omit<VerifyPlan, "loads" | "needs">,
): Promise<VerifyPlan> {
  const count = await countFor(before, counting);
  const loads = await Promise.all([
    sent(before, { side: "before", what: whats[0], ...counting, count }),
    sent(after, { side: "after", what: whats[1], ...counting, count }),
  ]);
  return { ...rest, loads };
}

interface One extends Counting {
  readonly what: string;
}

async function planOne(
  served: Served,
  { what, ...one }: One,
  rest: Omit<VerifyPlan, "loads" | "needs">,
): Promise<VerifyPlan> {
  const count = await countFor(served, one);
  return { ...rest, loads: [await sent(served, { side: "before", what, ...one, count })] };
}

async function asItIs(served: Served, { goals, prompts, countsAll }: Counting): Promise<Deployment> {
  const source = await readSource(served.load, prompts, "replicas");
  return { ...served, source, vary: "replicas", goals, countsAll };
}

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

/** Of a load that does not say how many requests it has, as `simulate` has it. */
const DEFAULT_COUNT = 1000;
const DEFAULT_SESSIONS = 100;

async function sent(
  served: Served,
  { side, what, count, ...counting }: One & { readonly side: Side; readonly count: number },
): Promise<LoadToSend> {
  const { load, seed, replicas: x } = served;
  const given = await asItIs(served, counting);
  const limited = { ...served, load: { ...load, num_prompts: count } };
  const deployment = isOfSessions(given) ? given : await asItIs(limited, counting);
  const { requests, sessions } = inputAt(deployment, { x, count, seed, draw: null }).workload;
  requireEnough(requests.length, deployment);
  const point = { x, count: sessions === undefined ? requests.length : count };
  return { what, folder: side, x: null, side, deployment, point };
}
