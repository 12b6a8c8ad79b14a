/**
 * What one side of an answer measured less the other, beside what was predicted of it: both send the same requests, and the days of
 * the prediction are compared in pairs.
 */
import type { VerifiedDifference } from "../../formats/index.js";
import { mean } from "../../sim/index.js";
import { intervalOf, type DetailedProbe } from "../answers/index.js";
import { ifUndisturbed, withGoodput } from "./judge-load.js";
import type { VerifyPlan } from "./loads.js";

export interface Compared {
  /** By load, then by day. */
  readonly predicted: readonly (readonly DetailedProbe[])[];
  /** By load. */
  readonly measured: readonly Readonly<Record<string, number>>[];
  readonly tolerance: number;
  /** Of some real run: they then refute nothing. */
  readonly isDisturbed: boolean;
}

const compared = /^(mean|p[\d.]+)_(ttft|tpot|e2el)_ms$|^goodput_share$|^request_goodput$|_throughput$/;
/** Of what was measured before: how much two runs of one load may differ where the profile does not say. */
const UNKNOWN = Math.LN2;

/** Undefined where fewer than two sides were measured, or they are not to be compared. */
export function differencesOf(
  { needs, headline, promised = new Map() }: VerifyPlan,
  { predicted, measured, tolerance, isDisturbed }: Compared,
): VerifiedDifference[] | undefined {
  if (needs !== undefined || predicted.length < 2) return undefined;
  const [before, after] = predicted.map((days) => days.map((day) => withGoodput(day.statistics))) as [Day[], Day[]];
  const keys = Object.keys(before[0]!).filter((key) => compared.test(key));
  const [ofBefore, ofAfter] = measured as [Day, Day];
  const all = keys.flatMap((statistic) => {
    const pairs = after.map((day, at) => day[statistic]! - before[at]![statistic]!);
    const [was, is] = [ofBefore[statistic], ofAfter[statistic]];
    if (pairs.some(Number.isNaN) || was === undefined || is === undefined || !(was > 0)) return [];
    const promise = promised.get(statistic) ?? null;
    const found = differenceOf({ statistic, promise, pairs, before: was, measured: is - was, tolerance });
    return [{ ...found, verdict: ifUndisturbed(found.verdict, isDisturbed) }];
  });
  return all.sort((a, b) => Number(b.statistic === headline) - Number(a.statistic === headline));
}

type Day = Readonly<Record<string, number>>;

interface Pairs {
  readonly statistic: string;
  readonly promise: VerifiedDifference["promised"];
  /** After less before, by day. */
  readonly pairs: readonly number[];
  readonly before: number;
  readonly measured: number;
  readonly tolerance: number;
}

/**
 * It agrees where the error lies surely within the tolerance, as a fraction of what was measured before, or where the direction that
 * was promised is surely the one that was measured; it differs where the error is surely larger, or the direction surely the other.
 */
function differenceOf({ statistic, promise, pairs, before, measured, tolerance }: Pairs): VerifiedDifference {
  const predicted = mean(pairs);
  const interval = intervalOf(pairs);
  const ofPair = interval === null ? 0 : (interval.high - interval.low) / 2 / before;
  const chance = ofPair > 0 ? ofPair : UNKNOWN;
  const error = (predicted - measured) / before;
  const reach = Math.hypot(chance, ofPair / Math.sqrt(pairs.length));
  const direction = directionOf(statistic, promise);
  const along = (direction * measured) / before;
  let verdict: VerifiedDifference["verdict"] = "cannot tell";
  if (Math.abs(error) - reach > tolerance || along < -chance) verdict = "differs";
  else if (Math.abs(error) + reach <= tolerance || along > chance) verdict = "agrees";
  return { statistic, promised: promise, predicted, interval, measured, error, verdict };
}

/** Of a promised change: 1 upwards, -1 downwards, 0 none. */
function directionOf(statistic: string, promise: VerifiedDifference["promised"]): number {
  if (promise !== "better" && promise !== "worse") return 0;
  return (promise === "better") === statistic.endsWith("_ms") ? -1 : 1;
}
