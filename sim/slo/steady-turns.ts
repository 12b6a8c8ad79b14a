/**
 * The turns of a run of sessions that count: those sent between the end of the start-up and the begin of the last session.
 * Later turns come only when sessions have gone on for so long, so a start-up lasts until nearly all of a session's work has
 * come; from there on MSER-5 cuts what does not look steady. After the last session has begun the load drains.
 */
import type { RequestColumns, Workload } from "../../formats/index.js";
import { effectiveCount, mean, warmUpCount } from "../metrics/index.js";
import { sustained, type GoalValue } from "./sustained.js";

export interface SteadyTurns {
  /** Rows of the run that count, in the order in which they were sent. */
  readonly rows: Uint32Array;
  readonly fromNs: number;
  /** When the last session began. */
  readonly toNs: number;
  /** Sessions that began between the two. */
  readonly begun: number;
}

/** Share of the tokens of sessions that has come when the start-up is over. */
const CAME = 0.95;
/** Where a session's work takes longer, the run is too short: half of it counts, as after MSER-5. */
const MOST_CUT = 0.5;

/** Row i of the table is request i of the workload. */
export function steadyTurns(table: RequestColumns, { requests, sessions }: Workload): SteadyTurns {
  const { rows, arrivalNs } = table;
  const begunNs = new Float64Array(sessions!.count).fill(Infinity);
  const sessionOf = (row: number): number => requests[row]!.turn!.session;
  for (let row = 0; row < rows; row++) {
    begunNs[sessionOf(row)] = Math.min(begunNs[sessionOf(row)]!, arrivalNs[row]!);
  }
  const starts = begunNs.filter((ns) => ns < Infinity).sort();
  const [firstNs, toNs] = [starts[0] ?? 0, starts.at(-1) ?? 0];
  const agesNs = Float64Array.from({ length: rows }, (_, row) => arrivalNs[row]! - begunNs[sessionOf(row)]!);
  const settledNs = firstNs + Math.min(ageOfWork(table, agesNs), MOST_CUT * (toNs - firstNs));
  const after = rowsSent(arrivalNs, settledNs, toNs);
  const latenciesNs = Float64Array.from(after, (row) => table.lastTokenNs[row]! - arrivalNs[row]!);
  const cut = warmUpCount(latenciesNs.filter((ns, at) => table.ok[after[at]!] === 1 && !Number.isNaN(ns)));
  const counted = after.subarray(cut);
  const fromNs = cut === 0 ? settledNs : arrivalNs[counted[0]!]!;
  return { rows: counted, fromNs, toNs, begun: starts.filter((ns) => ns > fromNs).length };
}

/** In the order in which they were sent. */
function rowsSent(arrivalNs: Float64Array, fromNs: number, toNs: number): Uint32Array {
  return Uint32Array.from({ length: arrivalNs.length }, (_, row) => row)
    .filter((row) => arrivalNs[row]! >= fromNs && arrivalNs[row]! <= toNs)
    .sort((a, b) => arrivalNs[a]! - arrivalNs[b]! || a - b);
}

/** The time from the begin of a session until so much of the work, in tokens, of all sessions has come. */
function ageOfWork({ promptTokens, outputTokens }: RequestColumns, agesNs: Float64Array): number {
  const order = Uint32Array.from(agesNs, (_, row) => row).sort((a, b) => agesNs[a]! - agesNs[b]!);
  const tokensOf = (row: number): number => promptTokens[row]! + outputTokens[row]!;
  const all = order.reduce((sum, row) => sum + tokensOf(row), 0);
  let came = 0;
  for (const row of order) {
    came += tokensOf(row);
    if (came >= CAME * all) return agesNs[row]!;
  }
  return 0;
}

/**
 * Sessions begun for each that the server keeps up with: in the same time the number of turns without an answer grows by one
 * for each session that it does not keep up with, since that one waits and sends no other.
 */
export function sessionsKeptUp(table: RequestColumns, { fromNs, toNs, begun }: SteadyTurns): GoalValue {
  const { rows, arrivalNs, lastTokenNs, ok } = table;
  let growth = 0;
  let inSystemNs = 0;
  const isIn = (ns: number): boolean => ns > fromNs && ns <= toNs;
  for (let row = 0; row < rows; row++) {
    const sentNs = arrivalNs[row]!;
    const endNs = ok[row] === 0 ? sentNs : lastTokenNs[row]!;
    growth += Number(isIn(sentNs)) - Number(isIn(endNs));
    inSystemNs += Math.max(0, Math.min(endNs, toNs) - Math.max(sentNs, fromNs));
  }
  return sustained({
    came: begun,
    answered: begun - growth,
    inSystem: toNs > fromNs ? inSystemNs / (toNs - fromNs) : 0,
  });
}

/**
 * How many independent turns would say as much about a mean of values, which are in the order in which the turns were sent.
 * Turns of one session are alike, and so are turns of any session at about the same time; the fewer of the two counts.
 */
export function independentTurns(values: Float64Array, sessionOf: (at: number) => number): number {
  const n = values.length;
  if (n < 2) return n;
  const average = mean(values);
  const sums = new Map<number, number>();
  let squares = 0;
  for (let at = 0; at < n; at++) {
    const off = values[at]! - average;
    squares += off * off;
    const session = sessionOf(at);
    sums.set(session, (sums.get(session) ?? 0) + off);
  }
  const bySession = [...sums.values()].reduce((sum, of) => sum + of * of, 0);
  const clusters = bySession === 0 ? n : (n * squares) / bySession;
  return Math.min(n, effectiveCount(values), clusters);
}
