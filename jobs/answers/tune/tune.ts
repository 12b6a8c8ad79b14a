/**
 * Settings for a goal: candidates around the deployment's, thinned by successive halving on common random numbers, then
 * each setting of the best alone: what it changes, and whether a change is worth its flag. Settings are ranked only
 * where pairs on the same random numbers show a difference.
 */
import { ConfigError } from "../../../formats/index.js";
import { isImpatient, mean, requestsToShow, shuffled, stream } from "../../../sim/index.js";
import { replicationTasks } from "../../replicate/index.js";
import { asUsual } from "../../threads/index.js";
import { mostRequests, sourceNotes } from "../load/index.js";
import {
  countToShow,
  inputAt,
  isOfSessions,
  requireTimes,
  sessionLength,
  sessionNotes,
  sessionPace,
  type Deployment,
  type DetailedProbe,
} from "../run/index.js";
import { pilot, rejectUnservable, withCrew, type Crew, type CrewOptions, type Pilot } from "../search/index.js";
import { frontOf } from "./tune-front.js";
import type { TuneGoal } from "./tune-goal.js";
import { changedBy, tuneSpace, works, type Dimension, type Settings, type SettingValue } from "./tune-space.js";
import { isBetter, isMissed, pairedDifference, rankOf, tryAll, type Trial, type TrialInput } from "./tune-trials.js";

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
  readonly tried: number;
  readonly count: number;
  readonly notes: readonly string[];
}

/** Requests of a run, where the load does not say. */
const MIN_COUNT = 2_500;
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
  const { blocking = asUsual, replications = REPLICATIONS } = options;
  const { candidates = goal.name === "throughput" ? 24 : 48 } = options;
  const dimensions = tuneSpace(deployment, options.settings);
  const least = lengthOf(deployment, goal);
  return withCrew(deployment, { ...options, isLong: true }, async (crew) => {
    const { edge, count } = await blocking(() => runsOf(deployment, goal, least));
    const draws = replicationTasks(deployment, replications);
    const input: TrialInput = { deployment, goal, draws, count, edge };
    const first = candidatesOf(deployment, dimensions, candidates);
    const last = await halved(crew, first, input);
    const finals = new Finals(crew, input, dimensions);
    await finals.try([{}, ...last], "the last round");
    const best = await leastChanged(finals, await climbed(finals));
    const sensitivity = await finals.sensitivityAt(best);
    const base = finals.of({});
    return {
      base,
      best,
      atBest: best.probes ?? (await runsAtRate(crew, best, input)),
      verdict: verdictOf(best, base),
      front: frontOf(finals.all(), best),
      sensitivity,
      tried: first.length + finals.all().length - last.length,
      count,
      notes: [...sourceNotes(deployment.source), ...sessionNotes(deployment)],
    };
  });
}

/** How long runs are, and for a rate where its edge may be. */
function runsOf(deployment: Deployment, goal: TuneGoal, least: number): { edge?: Pilot; count: number } {
  if (goal.name === "throughput") {
    const edge = pilot(deployment, least);
    return { edge, count: edge.count ?? least };
  }
  const count = isOfSessions(deployment) ? sessionLength(deployment, sessionPace(deployment), least) : least;
  rejectUnservable(deployment, count);
  if (goal.name !== "goodput") requireAnswers(deployment, goal, count);
  return { count };
}

/** Runs at the mean of the rates found; none where no rate meets the goals. */
async function runsAtRate(crew: Crew, { changes, values }: Trial, input: TrialInput): Promise<DetailedProbe[]> {
  const { deployment, draws, count } = input;
  const x = mean(values);
  if (x === 0) return [];
  const { policy } = changedBy(deployment, changes);
  const tasks = draws.map(({ seed, draw }) => ({ point: { seed, draw, count, x }, changes: { policy } }));
  return crew.run("detail", tasks, "at the answer");
}

/** Requests of a run; of sessions those that it has at least. */
function lengthOf(deployment: Deployment, { goals, name, text }: TuneGoal): number {
  const { load, source } = deployment;
  const shown = countToShow(goals, MIN_COUNT);
  if (isOfSessions(deployment)) return shown;
  if (name !== "throughput")
    requireTimes(deployment, "--request-rate or --max-concurrency, or tune for --goal throughput");
  const needed = requestsToShow(goals);
  const count = Math.min(load.num_prompts ?? shown, mostRequests(source));
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
    readonly dimensions: readonly Dimension[],
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

  works(changes: Settings): boolean {
    return works(this.input.deployment, changes);
  }

  /** What each setting alone does from there. */
  async sensitivityAt(best: Trial): Promise<Sensitivity[]> {
    const neighbours = this.dimensions.map(({ setting, base, values }) => {
      const current = best.changes[setting] ?? base;
      const others = values
        .filter((value) => value !== current)
        .map((value) => ({ value, changes: changed(best.changes, { setting, value, own: base }) }))
        .filter(({ changes }) => this.works(changes));
      return { setting, current, others };
    });
    const all = neighbours.flatMap(({ others }) => others.map(({ changes }) => changes));
    await this.try(all, "one setting at a time");
    return neighbours.map(({ setting, current, others }): Sensitivity => {
      const alternatives = others.map(({ value, changes }): Alternative => {
        const trial = this.of(changes);
        return { value, trial, differs: isBetter(trial, best) || isBetter(best, trial) };
      });
      return { setting, best: current, matters: alternatives.some(({ differs }) => differs), alternatives };
    });
  }
}

/** From the best of the last round to neighbours that are better, one setting at a time. */
async function climbed(finals: Finals): Promise<Trial> {
  for (let move = 1; ; move++) {
    const best = finals.best();
    await finals.sensitivityAt(best);
    if (move === MOST_MOVES || !isBetter(finals.best(), best)) return finals.best();
  }
}

/** The best with each setting, in turn, as near to what it is as makes no difference. */
async function leastChanged(finals: Finals, best: Trial): Promise<Trial> {
  const base = finals.of({});
  if (!isBetter(best, base)) return base;
  let kept = best;
  for (const [at, { setting, best: value, alternatives }] of (await finals.sensitivityAt(best)).entries()) {
    const { base: own, values } = finals.dimensions[at]!;
    const alike = alternatives.filter(({ differs }) => !differs).map((one) => one.value);
    const distance = (one: SettingValue): number => Math.abs(values.indexOf(one) - values.indexOf(own));
    const chosen = alike.reduce((near, one) => (distance(one) < distance(near) ? one : near), value);
    if (chosen === value) continue;
    const changes = changed(kept.changes, { setting, value: chosen, own });
    if (!finals.works(changes)) continue;
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
  const { low, high } = pairedDifference(best.scores, base.scores);
  return low < 0 && high > 0 ? "unclear" : "same";
}
