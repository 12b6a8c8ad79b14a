/**
 * Settings for a goal: candidates around the deployment's, thinned by successive halving on common random numbers, then
 * each setting of the best alone: what it changes, and whether a change is worth its flag. Settings are ranked only
 * where pairs on the same random numbers show a difference.
 */
import { ConfigError } from "../../formats/index.js";
import { isImpatient, mean, requestsToShow, shuffled, stream } from "../../sim/index.js";
import { replicationTasks } from "../replicate/index.js";
import { asUsual } from "../threads/index.js";
import { withCrew, type Crew, type CrewOptions } from "./crew.js";
import { inputAt, isOfSessions, type Deployment } from "./deployment.js";
import { mostRequests, sourceNotes } from "./load-source.js";
import { pilot, rejectUnservable, type Pilot } from "./pilot.js";
import type { DetailedProbe } from "./probe.js";
import { sessionLength, sessionPace } from "./session-pace.js";
import { sessionNotes } from "./session-runs.js";
import type { DetailTask } from "./tasks.js";
import { difference, isBetter, isMissed, rankOf, tryAll, type Trial, type TrialInput } from "./tune-trials.js";
import { changedBy, tuneSpace, works, type Dimension, type Settings, type SettingValue } from "./tune-space.js";
import type { TuneGoal } from "./tune-goal.js";

export interface TuneOptions extends CrewOptions {
  /** Candidates to begin with, the deployment's own settings among them. Default 48, for throughput 24. */
  readonly candidates?: number | undefined;
  /** Of the last round. Default 8. */
  readonly replications?: number | undefined;
  /** Settings to tune; default: all that can change something. */
  readonly settings?: readonly string[] | undefined;
}

export interface Alternative {
  readonly value: SettingValue;
  readonly trial: Trial;
  /** Whether pairs show a difference from the best, of half a percent or more. */
  readonly differs: boolean;
}

export interface Sensitivity {
  readonly setting: string;
  readonly best: SettingValue;
  /** Some other value of it differs. */
  readonly matters: boolean;
  readonly alternatives: readonly Alternative[];
}

export interface Tuned {
  readonly base: Trial;
  readonly best: Trial;
  /** Runs of the best; of a rate, at it. */
  readonly atBest: readonly DetailedProbe[];
  readonly verdict: "better" | "same" | "unclear" | "cannot_be_met";
  /** Of the last round and its neighbours, those that no other is better than in both; the best first. */
  readonly front: readonly Trial[];
  readonly sensitivity: readonly Sensitivity[];
  readonly dimensions: readonly Dimension[];
  readonly tried: number;
  readonly count: number;
  readonly notes: readonly string[];
}

const MIN_COUNT = 2_500;
const TIMES_TO_SHOW = 4;
const REPLICATIONS = 8;
/** Rounds before the last: replications, and the part of the candidates that goes on. */
const ROUNDS = [
  { replications: 2, kept: 1 / 3 },
  { replications: 4, kept: 1 / 3 },
];
const LEAST_KEPT = 5;
/**
 * How far a candidate's score may be behind the last that goes on: too small a gap to judge after a few replications.
 */
const NEAR = 0.02;
const MOST_MOVES = 3;

export async function tune(deployment: Deployment, goal: TuneGoal, options: TuneOptions = {}): Promise<Tuned> {
  const {
    blocking = asUsual,
    replications = REPLICATIONS,
    candidates = goal.name === "throughput" ? 24 : 48,
  } = options;
  const dimensions = tuneSpace(deployment, options.settings);
  const least = lengthOf(deployment, goal);
  return withCrew(deployment, { ...options, isLong: true }, async (crew) => {
    const { edge, count = least } = await blocking((): { edge?: Pilot; count?: number | undefined } => {
      if (goal.name === "throughput") {
        const edge = pilot(deployment, least);
        return { edge, count: edge.count };
      }
      const length = isOfSessions(deployment) ? sessionLength(deployment, sessionPace(deployment), least) : least;
      rejectUnservable(deployment, length);
      if (goal.name !== "goodput") requireAnswers(deployment, goal, length);
      return { count: length };
    });
    const draws = replicationTasks(deployment, replications);
    const input: TrialInput = { deployment, goal, draws, count, edge };
    const first = candidatesOf(deployment, dimensions, candidates);
    const last = await halved(crew, first, input);
    const finals = new Finals(crew, input);
    await finals.try([{}, ...last], "the last round");
    const space = { deployment, dimensions };
    const best = await leastChanged(finals, space, await climbed(finals, space));
    const sensitivity = await sensitivityAt(finals, space, best);
    const base = finals.of({});
    const atBest = best.probes ?? (await runsAtRate(crew, best, input));
    return {
      base,
      best,
      atBest,
      verdict: verdictOf(best, base),
      front: frontOf(finals.all(), best),
      sensitivity,
      dimensions,
      tried: first.length + finals.all().length - last.length,
      count,
      notes: notesOf(deployment),
    };
  });
}

/** Runs at the mean of the rates found; none where no rate meets the goals. */
async function runsAtRate(crew: Crew, { changes, values }: Trial, input: TrialInput): Promise<DetailedProbe[]> {
  const { deployment, draws, count } = input;
  const x = mean(values);
  if (x === 0) return [];
  const { policy } = changedBy(deployment, changes);
  const tasks = draws.map(({ seed, draw }): DetailTask => ({ kind: "detail", point: { seed, draw, count, x }, changes: { policy } })); // prettier-ignore
  return crew.details(tasks, "at the answer");
}

/** Requests of a run; of sessions those that it has at least. */
function lengthOf(deployment: Deployment, { goals, name, text }: TuneGoal): number {
  const { load, source } = deployment;
  const needed = requestsToShow(goals);
  if (isOfSessions(deployment)) return Math.max(MIN_COUNT, TIMES_TO_SHOW * needed);
  const { request_rate: rate, max_concurrency: clients, ramp_up_strategy: ramp } = load;
  if (
    name !== "throughput" &&
    source.kind !== "trace" &&
    rate === undefined &&
    clients === undefined &&
    ramp === undefined
  ) {
    throw new ConfigError(`the load says neither how often requests come nor how many clients there are: give --request-rate or --max-concurrency, or tune for --goal throughput`); // prettier-ignore
  }
  const count = Math.min(load.num_prompts ?? Math.max(MIN_COUNT, TIMES_TO_SHOW * needed), mostRequests(source));
  if (count >= needed) return count;
  throw new ConfigError(`--num-prompts: ${count} requests are too few to tell the ${text}: it takes at least ${needed} (docs/metrics.md, Percentiles)`); // prettier-ignore
}

/** The deployment's own, each single change, then combinations at random, as far as they work. */
function candidatesOf(deployment: Deployment, dimensions: readonly Dimension[], most: number): Settings[] {
  const random = stream(`${deployment.seed}/tune`);
  const single = dimensions.flatMap(({ setting, base, values }) =>
    values.filter((value) => value !== base).map((value): Settings => ({ [setting]: value })),
  );
  const found = new Map<string, Settings>([["{}", {}]]);
  const half = Math.max(1, Math.floor((most - 1) / 2));
  for (const changes of shuffled(single, random).slice(0, half)) found.set(keyOf(changes), changes);
  for (let tries = 0; tries < 20 * most && found.size < most; tries++) {
    const entries = dimensions.map(({ setting, base, values }) => [setting, random() < 0.5 ? base : values[Math.floor(random() * values.length)]!, base] as const); // prettier-ignore
    const changed = entries.filter(([, value, base]) => value !== base);
    const changes: Settings = Object.fromEntries(changed.map(([setting, value]) => [setting, value]));
    if (works(deployment, changes)) found.set(keyOf(changes), changes);
  }
  return [...found.values()];
}

function keyOf(changes: Settings): string {
  return JSON.stringify(Object.entries(changes).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Those that are left after the rounds before the last. */
async function halved(crew: Crew, candidates: readonly Settings[], input: TrialInput): Promise<Settings[]> {
  let left = candidates;
  for (const [at, { replications, kept }] of ROUNDS.entries()) {
    const keep = Math.max(LEAST_KEPT, Math.ceil(kept * left.length));
    if (left.length <= keep) continue;
    const draws = input.draws.slice(0, replications);
    const trials = await tryAll(crew, left, { ...input, draws }, `round ${at + 1} of ${ROUNDS.length + 1}`);
    const ranked = [...trials].sort((a, b) => rankOf(a) - rankOf(b));
    const cut = rankOf(ranked[keep - 1]!) + NEAR;
    left = ranked.filter((trial, rank) => rank < keep || (rank < 2 * keep && rankOf(trial) <= cut)).map(({ changes }) => changes); // prettier-ignore
  }
  return [...left];
}

/** Trials with all replications, each made once. */
class Finals {
  private readonly known = new Map<string, Trial>();

  constructor(
    private readonly crew: Crew,
    private readonly input: TrialInput,
  ) {}

  async try(candidates: readonly Settings[], what: string): Promise<void> {
    const fresh = new Map(candidates.map((changes) => [keyOf(changes), changes]));
    for (const key of this.known.keys()) fresh.delete(key);
    const trials = await tryAll(this.crew, [...fresh.values()], this.input, what);
    for (const trial of trials) this.known.set(keyOf(trial.changes), trial);
  }

  of(changes: Settings): Trial {
    return this.known.get(keyOf(changes))!;
  }

  all(): Trial[] {
    return [...this.known.values()];
  }

  best(): Trial {
    return this.all().reduce((best, one) => (rankOf(one) < rankOf(best) ? one : best));
  }
}

/** From the best of the last round to neighbours that are better, one setting at a time. */
async function climbed(finals: Finals, space: Space): Promise<Trial> {
  for (let move = 1; ; move++) {
    const best = finals.best();
    await sensitivityAt(finals, space, best);
    if (move === MOST_MOVES || !isBetter(finals.best(), best)) return finals.best();
  }
}

interface Space {
  readonly deployment: Deployment;
  readonly dimensions: readonly Dimension[];
}

/** What each setting alone does from there. */
async function sensitivityAt(finals: Finals, { deployment, dimensions }: Space, best: Trial): Promise<Sensitivity[]> {
  const neighbours = dimensions.map((dimension) => ({
    dimension,
    values: othersOf(deployment, best.changes, dimension),
  }));
  const all = neighbours.flatMap(({ values }) => values.map(([, changes]) => changes));
  await finals.try(all, "one setting at a time");
  return neighbours.map(({ dimension: { setting, base }, values }): Sensitivity => {
    const alternatives = values.map(([value, changes]): Alternative => {
      const trial = finals.of(changes);
      return { value, trial, differs: isBetter(trial, best) || isBetter(best, trial) };
    });
    const matters = alternatives.some(({ differs }) => differs);
    return { setting, best: best.changes[setting] ?? base, matters, alternatives };
  });
}

function othersOf(
  deployment: Deployment,
  best: Settings,
  { setting, base, values }: Dimension,
): [SettingValue, Settings][] {
  const current = best[setting] ?? base;
  return values.flatMap((value): [SettingValue, Settings][] => {
    if (value === current) return [];
    const changes = changed(best, { setting, value, own: base });
    return works(deployment, changes) ? [[value, changes]] : [];
  });
}

/** The best with each setting, in turn, as near to what it is as makes no difference. */
async function leastChanged(finals: Finals, space: Space, best: Trial): Promise<Trial> {
  const base = finals.of({});
  if (!isBetter(best, base)) return base;
  let kept = best;
  for (const [at, { setting, best: value, alternatives }] of (await sensitivityAt(finals, space, best)).entries()) {
    const { base: own, values } = space.dimensions[at]!;
    const alike = alternatives.filter(({ differs }) => !differs).map((one) => one.value);
    const distance = (one: SettingValue): number => Math.abs(values.indexOf(one) - values.indexOf(own));
    const chosen = alike.reduce((near, one) => (distance(one) < distance(near) ? one : near), value);
    if (chosen === value) continue;
    const changes = changed(kept.changes, { setting, value: chosen, own });
    if (!works(space.deployment, changes)) continue;
    await finals.try([changes], "without changes that make no difference");
    if (!isBetter(best, finals.of(changes))) kept = finals.of(changes);
  }
  return kept;
}

/** `own`: as the deployment has it, which is no change. */
function changed(
  changes: Settings,
  { setting, value, own }: { readonly setting: string; readonly value: SettingValue; readonly own: SettingValue },
): Settings {
  const others = Object.entries(changes).filter(([name]) => name !== setting);
  return Object.fromEntries(value === own ? others : [...others, [setting, value]]);
}

/** ConfigError for a latency of clients that may give up: the fewer answers there are, the better it looks. */
function requireAnswers(deployment: Deployment, goal: TuneGoal, count: number): void {
  const { workload } = inputAt(deployment, { x: 1, seed: deployment.seed, draw: null, count });
  if (!isImpatient(workload)) return;
  throw new ConfigError(
    `--goal ${goal.name}: clients that give up have no latency; expected --goal goodput with them, or no patience and retries`,
  );
}

function verdictOf(best: Trial, base: Trial): Tuned["verdict"] {
  if (isMissed(best)) return "cannot_be_met";
  if (isBetter(best, base)) return "better";
  const { low, high } = difference(best, base);
  return low < 0 && high > 0 ? "unclear" : "same";
}

/** The statistic that a goal is held against on the front: time per output token, or to the first one. */
export function againstOf(
  { probes }: Trial,
  goal: string,
): { readonly name: string; readonly values: readonly number[] } | undefined {
  if (probes === undefined) return undefined;
  const name = goal.endsWith("_tpot") || goal.endsWith("_itl") ? "mean_ttft_ms" : "mean_tpot_ms";
  const values = probes.flatMap(({ statistics }) => statistics[name] ?? []);
  return values.length < probes.length ? undefined : { name, values };
}

/** Of settings that do the same, those with the fewest changes. */
function frontOf(trials: readonly Trial[], best: Trial): Trial[] {
  const changes = (trial: Trial): number => Object.keys(trial.changes).length;
  const met = trials
    .filter((trial) => trial !== best && !isMissed(trial))
    .sort((a, b) => changes(a) - changes(b) || rankOf(a) - rankOf(b));
  const front = [best, ...met].filter(
    (one, at, all) =>
      one === best || !all.some((other, place) => isAhead(other, one) || (place < at && isAlike(other, one))),
  );
  return [best, ...front.filter((one) => one !== best).sort((a, b) => rankOf(a) - rankOf(b))];
}

/** Better in one, and not worse in the other as far as pairs show. */
function isAhead(a: Trial, b: Trial): boolean {
  const second = secondOf(a, b);
  return !isBetter(b, a) && second <= 0 && (isBetter(a, b) || second < 0);
}

function isAlike(a: Trial, b: Trial): boolean {
  return !isBetter(a, b) && !isBetter(b, a) && secondOf(a, b) === 0;
}

/** Of the statistic beside the goal: -1 where `a` is better, 1 where `b` is, 0 where pairs show no difference. */
function secondOf(a: Trial, b: Trial): number {
  const [ofA, ofB] = [againstOf(a, ""), againstOf(b, "")];
  if (ofA === undefined || ofB === undefined) return 0;
  const asTrial = ({ values }: { readonly values: readonly number[] }): Trial => ({ changes: {}, values, missed: 0, scores: values.map(Math.log) }); // prettier-ignore
  if (isBetter(asTrial(ofA), asTrial(ofB))) return -1;
  return isBetter(asTrial(ofB), asTrial(ofA)) ? 1 : 0;
}

function notesOf(deployment: Deployment): string[] {
  return [...sourceNotes(deployment.source), ...sessionNotes(deployment)];
}
