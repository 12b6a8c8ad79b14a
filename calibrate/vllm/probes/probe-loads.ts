/**
 * Three open-loop loads with Poisson arrivals: one that the fit may use; two of other lengths and other rates that it may not,
 * to be predicted and scored. One of these is well below what the server can do, where runs repeat; the other near it, where
 * queues form and a profile is asked about most.
 */
import { exponential, stream, type Random } from "../../../sim/index.js";
import type { ProbedServer } from "./probe-groups.js";
import { capacityPerS, stepMs, type Pace } from "./probe-pace.js";

export interface LoadRequest {
  readonly promptTokens: number;
  readonly outputTokens: number;
  readonly arrivalMs: number;
}

export interface ProbeLoad {
  /** "mixed" is fitted, the others are scored. */
  readonly name: "mixed" | "held-out" | "held-out-busy";
  readonly ratePerS: number;
  /** Of what the server can do by the pace that was known, 0-1. */
  readonly utilisation: number;
  readonly requests: readonly LoadRequest[];
  readonly expectedMs: number;
}

/** Fraction of the estimated capacity; lengths from and to, tokens. */
interface Shape {
  readonly name: ProbeLoad["name"];
  readonly utilisation: number;
  readonly promptTokens: readonly [number, number];
  readonly outputTokens: readonly [number, number];
}

const shapes: readonly Shape[] = [
  { name: "mixed", utilisation: 0.5, promptTokens: [16, 512], outputTokens: [16, 96] },
  { name: "held-out", utilisation: 0.4, promptTokens: [128, 1024], outputTokens: [8, 160] },
  { name: "held-out-busy", utilisation: 0.85, promptTokens: [32, 768], outputTokens: [16, 128] },
];

/** With fewer a mean says little. */
export const MIN_REQUESTS = 30;
/** With more it says no more. */
const MAX_REQUESTS = 2_000;
const MAX_DECODE_MS = 5_000;
const MAX_PREFILL_MS = 200;
/**
 * More tokens a second than this are more than one client should be trusted with; how late it is by events a second: npm run
 * -s bench:client. A load that this holds back says so by its utilisation.
 */
const MAX_TOKENS_PER_S = 5_000;

export interface LoadBudget {
  readonly seed: string;
  /** For each of the loads. */
  readonly loadMs: number;
}

/** All loads; each lasts about `loadMs`, longer only where MIN_REQUESTS need it. */
export function probeLoads(server: ProbedServer, pace: Pace, { seed, loadMs }: LoadBudget): ProbeLoad[] {
  return shapes.map((shape) => {
    const random = stream(`${seed}/0/probe-load-${shape.name}`);
    // On a slow server both are shorter, so that enough requests fit in the time.
    const slowCap = Math.max(32, Math.floor(MAX_DECODE_MS / stepMs(pace, server.maxNumSeqs)));
    const outputRange = capped(shape.outputTokens, Math.min(Math.floor(server.maxModelLen / 4), slowCap));
    const slowPrompt = Math.max(64, Math.floor(MAX_PREFILL_MS / Math.max(pace.prefillTokenMs, 1e-6)));
    const promptRange = capped(shape.promptTokens, Math.min(server.maxModelLen - outputRange[1], slowPrompt));
    const mean = { promptTokens: middle(promptRange), outputTokens: middle(outputRange) };
    const slots = mostConcurrent(server, mean);
    const mostPerS = MAX_TOKENS_PER_S / mean.outputTokens;
    const capacity = capacityPerS(pace, slots, mean);
    const ratePerS = Math.min(mostPerS, shape.utilisation * capacity);
    // The last requests take their time after the last arrival.
    const tailMs = outputRange[1] * stepMs(pace, slots);
    const wanted = Math.floor((Math.max(0, loadMs - tailMs) / 1e3) * ratePerS);
    const count = Math.min(MAX_REQUESTS, Math.max(MIN_REQUESTS, wanted));
    const requests = arrivals(random, count, ratePerS).map((arrivalMs) => ({
      arrivalMs,
      promptTokens: between(random, promptRange),
      outputTokens: between(random, outputRange),
    }));
    const expectedMs = requests.at(-1)!.arrivalMs + tailMs;
    return { name: shape.name, ratePerS, utilisation: ratePerS / capacity, requests, expectedMs };
  });
}

function mostConcurrent(
  { maxNumSeqs, kvTokens }: ProbedServer,
  mean: { promptTokens: number; outputTokens: number },
): number {
  if (kvTokens === undefined) return maxNumSeqs;
  return Math.max(1, Math.min(maxNumSeqs, Math.floor((0.5 * kvTokens) / (mean.promptTokens + mean.outputTokens))));
}

function arrivals(random: Random, count: number, ratePerS: number): number[] {
  let atMs = 0;
  return Array.from({ length: count }, () => {
    atMs += (1e3 / ratePerS) * exponential(random);
    // Whole microseconds, so that files hold the same.
    return Math.round(atMs * 1e3) / 1e3;
  });
}

function capped([from, to]: readonly [number, number], most: number): [number, number] {
  const end = Math.max(1, Math.min(to, most));
  return [Math.min(from, end), end];
}

function middle([from, to]: readonly [number, number]): number {
  return (from + to) / 2;
}

function between(random: Random, [from, to]: readonly [number, number]): number {
  return from + Math.floor(random() * (to - from + 1));
}
