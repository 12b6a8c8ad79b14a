/**
 * The highest load within latency goals: requests per second of an open loop or a trace, or clients of a closed loop; of
 * sessions those that begin per second, or are under way at a time.
 * Each replication (seed, pace of the host, costs that the calibration allows) finds its own edge; the answer is where
 * half of them have it, with the interval that holds 9 of 10.
 */
import type { AnswerEvidence, Workload } from "../../../formats/index.js";
import { mean } from "../../../sim/index.js";
import { causesOf, replicationTasks } from "../../replicate/index.js";
import { asUsual } from "../../threads/index.js";
import { isWholeNumber, mostRequests, sourceNotes } from "../load/index.js";
import { evidenceAt, mostFrequent, narrowNotes } from "../parts/index.js";
import {
  counted,
  countToShow,
  independenceNote,
  inputAt,
  isOfSessions,
  missedIn,
  requireShown,
  sessionNotes,
  unitOf,
  type Deployment,
  type DetailedProbe,
  type Point,
} from "../run/index.js";
import {
  edgeRounds,
  limitOfEdge,
  pilot,
  withCrew,
  type Crew,
  type CrewOptions,
  type EdgeBinding,
  type EdgesFound,
  type Pilot,
} from "../search/index.js";

export interface CapacityOptions extends CrewOptions {
  /** Half of what chance in a run may move the answer by, as a fraction of it. Default 2 %. */
  readonly precision?: number | undefined;
  /** Default 12. */
  readonly replications?: number | undefined;
  /** Also looks at loads below and above the edge. */
  readonly curve?: boolean | undefined;
}

export interface CapacityFound extends EdgesFound {
  readonly pilot: Pilot;
  /** Runs of all replications at the value, or at the best load where no load meets the goals. */
  readonly atValue: readonly DetailedProbe[];
  readonly evidence: readonly AnswerEvidence[];
  /** The goal that most replications miss first. */
  readonly slo: string | null;
  readonly binding: EdgeBinding | null;
  readonly notes: readonly string[];
}

export const DEFAULT_PRECISION = 0.02;
const DEFAULT_REPLICATIONS = 12;
/** Requests of the first runs, where the load does not say. */
const MIN_COUNT = 2_500;
/**
 * Requests and output tokens that all runs may have where the load does not say how long they are: seconds of two
 * cores.
 */
const REQUEST_BUDGET = 1.2e6;
const TOKEN_BUDGET = 240e6;
/** Loads of a curve, as shares of the value. */
const CURVE = [0.25, 0.5, 0.65, 0.8, 0.9, 0.95, 1.05, 1.1, 1.2];

export async function findCapacity(deployment: Deployment, options: CapacityOptions = {}): Promise<CapacityFound> {
  const { precision = DEFAULT_PRECISION, replications = DEFAULT_REPLICATIONS, blocking = asUsual } = options;
  const { vary, seed } = deployment;
  const { given, least, mostCount } = lengthOf(deployment);
  const isWhole = isWholeNumber(vary);
  return withCrew(deployment, { ...options, isLong: true }, async (crew) => {
    const first = await blocking(() => pilot(deployment, least));
    const { count = least, start } = first;
    const bounds = { least: first.least, most: first.most, isWhole };
    const sample = inputAt(deployment, { x: start, seed, draw: null, count });
    const draws = replicationTasks(deployment, replications);
    const found = await edgeRounds(crew, {
      replications: draws,
      search: { start, ...bounds },
      ...{ count, mostCount, precision },
      budget: given ? 0 : budgetOf(sample.workload),
      varies: causesOf(sample, true),
    });
    const at = (x: number): Point[] => draws.map(({ seed, draw }) => ({ x, seed, draw, count: found.count }));
    const x = placeOf(found.value > 0 ? found.value : start, isWhole);
    const atValue = await crew.details(at(x), "at the answer");
    const curve = options.curve === true ? await curveOf(crew, vary, { x, at }) : [];
    const { edge, isOpen } = found.edges[0]!;
    const edgeOptions = { ...bounds, tolerance: precision, most: 2 * first.most };
    // As many clients as were tried do not reach any limit of the server.
    const binding =
      edge === 0 || (isWhole && isOpen)
        ? null
        : await limitOfEdge(crew, deployment, { atEdge: atValue, edge, count: found.count, options: edgeOptions });
    const evidence = [...curve, evidenceAt({ [vary]: x }, atValue)];
    return {
      ...found,
      pilot: first,
      atValue,
      evidence: evidence.sort((a, b) => Number(a.varied[vary]) - Number(b.varied[vary])),
      slo: mostMissed(found, atValue),
      binding,
      notes: [
        ...sourceNotes(deployment.source),
        ...sessionNotes(deployment),
        ...narrowNotes(sample),
        ...(found.value === 0 ? [] : notesOf(deployment, { found, first, atValue, precision })),
      ],
    };
  });
}

/** Whole numbers of clients and sessions; rates as they are. */
function placeOf(x: number, isWhole: boolean): number {
  return isWhole ? Math.max(1, Math.round(x)) : x;
}

/** How long runs are: `least` in requests, also of sessions. ConfigError for a length that cannot show a goal. */
function lengthOf(deployment: Deployment): { given: boolean; least: number; mostCount: number } {
  const { load, goals, source } = deployment;
  const wanted = countToShow(goals, MIN_COUNT);
  if (isOfSessions(deployment)) {
    const given = load.num_sessions !== undefined;
    return { given, least: wanted, mostCount: load.num_sessions ?? Infinity };
  }
  const most = mostRequests(source);
  const given = load.num_prompts !== undefined || most < Infinity;
  const least = Math.min(load.num_prompts ?? wanted, most);
  requireShown(least, goals, load.num_prompts !== undefined);
  return { given, least, mostCount: given ? least : Infinity };
}

/** Requests, or sessions, that all runs may have. */
function budgetOf({ requests, sessions }: Workload): number {
  const tokens = mean(requests.map(({ outputTokens }) => outputTokens));
  const turns = sessions === undefined ? 1 : requests.length / sessions.count;
  return Math.min(REQUEST_BUDGET, TOKEN_BUDGET / tokens) / turns;
}

async function curveOf(
  crew: Crew,
  vary: Deployment["vary"],
  { x, at }: { readonly x: number; readonly at: (x: number) => Point[] },
): Promise<AnswerEvidence[]> {
  const places = CURVE.map((share) => placeOf(share * x, isWholeNumber(vary)));
  const loads = [...new Set(places)].filter((load) => load !== x);
  const probes = await crew.details(loads.flatMap(at), "the curve");
  return loads.map((load) =>
    evidenceAt(
      { [vary]: load },
      probes.filter((probe) => probe.x === load),
    ),
  );
}

function mostMissed({ edges }: EdgesFound, atValue: readonly DetailedProbe[]): string | null {
  const names = edges.flatMap(({ binding }) => binding ?? []);
  return mostFrequent(names.length > 0 ? names : missedIn(atValue));
}

interface NotesInput {
  readonly found: EdgesFound;
  readonly first: Pilot;
  readonly atValue: readonly DetailedProbe[];
  readonly precision: number;
}

/** What to know of the value. */
function notesOf(deployment: Deployment, { found, first, atValue, precision }: NotesInput): string[] {
  const { source, goals, vary } = deployment;
  const unit = unitOf(vary);
  const { name: what, flag } = counted(deployment);
  const notes: string[] = [];
  if (found.wantedCount !== undefined) {
    notes.push(
      `chance in a run of ${found.count} ${what} moves the answer by up to ${percentText(found.chance)} in 9 of 10 runs, ` +
        `more than --precision ${percentText(precision)}; ${remedyOf(source, found.wantedCount, flag)}`,
    );
  }
  const few = independenceNote(atValue, { goals, count: found.count, growing: flag });
  if (few !== undefined) notes.push(few);
  const open = found.edges.filter(({ isOpen }) => isOpen).length;
  if (open > 0) {
    const most = !isWholeNumber(vary)
      ? `${figureText(first.most)} ${unit}, all that the full server serves`
      : `${first.most} ${unit}, who do not reach a limit of the server`;
    notes.push(`${open} of ${found.edges.length} replications meet the goals up to the most that was tried, ${most}`);
  }
  const none = found.edges.filter(({ edge }) => edge === 0).length;
  if (none > 0) notes.push(`in ${none} of ${found.edges.length} replications no load meets the goals`);
  // What the first look tried last may be above what the search found.
  if (first.lowMiss !== undefined && first.lowMiss.x < found.value) {
    const { x, worst } = first.lowMiss;
    notes.push(`low loads miss the goals too: at ${figureText(x)} ${unit} ${worst.name} is ${figureText(worst.value)}`);
  }
  return notes;
}

/** Longer runs are not suggested: nobody would wait for them. */
const MAX_COUNT = 1_000_000;

function remedyOf(source: Deployment["source"], wanted: number, flag: string): string {
  if (mostRequests(source) < Infinity) return "the trace has no more";
  return wanted > MAX_COUNT ? "longer runs would hardly settle it" : `${flag} ${wanted} would settle it`;
}

function percentText(fraction: number): string {
  return `${Number((100 * fraction).toPrecision(2))} %`;
}

function figureText(value: number): string {
  return String(Number(value.toPrecision(4)));
}
