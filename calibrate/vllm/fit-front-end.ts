/**
 * Fits the front end to what it did with known requests and engine outputs: when requests reached the engine, and when
 * tokens reached their clients. First its mean times, then how they vary, so that quantiles of both delays agree.
 */
import type { EngineJitter, RequestRecord, VllmEngineCost } from "../../formats/index.js";
import { frontEndCost, jitterFactors, mean, meanFactors } from "../../sim/index.js";
import { nelderMead } from "./nelder-mead.js";
import type { RecordedTraffic } from "./recorded-outputs.js";
import { replayFrontEnd, type FrontEndReplay } from "./replay-front-end.js";
import { logNormalVariation } from "./log-normal.js";

export type FrontEnd = NonNullable<VllmEngineCost["front_end"]>;
export type FrontEndJitter = Pick<EngineJitter, "request" | "output" | "output_stall">;

/** One recording. */
export interface FrontEndLog {
  readonly requests: readonly RequestRecord[];
  readonly traffic: RecordedTraffic;
  /** How much it counts. */
  readonly weight: number;
}

export interface FrontEndFit {
  readonly frontEnd: FrontEnd;
  readonly jitter: FrontEndJitter;
}

export interface FrontEndFitOptions {
  /** From the end of an update until its output is at the front end, ns. */
  readonly sendNs: number;
  readonly wakeNs: number;
  /** Share of the usual number of trials; default 1. */
  readonly effort?: number | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** Turns of the event loop that a request takes; only their sum shows. */
const HOPS = 6;
const CAP_MS = 10;
/** Trials of each search: for the means alone, then with variation, each from where the one before ended. */
const trials = { means: [300, 150], variation: [400, 300, 200] } as const;
const total = [...trials.means, ...trials.variation].reduce((sum, count) => sum + count, 0);
const quantiles = [0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99];

export function fitFrontEnd(logs: readonly FrontEndLog[], options: FrontEndFitOptions): FrontEndFit {
  const views = logs.map(viewOf);
  const { effort = 1 } = options;
  const start = [0.3e6, 100, 0.11e6, 0.5e6, 0.06e6, 0.15e6, 0.4e6, 0.4e6, 0.04e6].map(Math.log);
  const size = start.map(() => 0.5);
  let done = 0;
  const onTrial = (): void => {
    done++;
    const all = Math.round(effort * total);
    options.onProgress?.(Math.min(done, all), all);
  };
  const lossOf = (x: readonly number[]): number => {
    onTrial();
    const losses = views.map(
      (view) => view.weight * pairedLoss(view, replayWith(frontEndAt(x), view, options), options),
    );
    return losses.reduce((sum, loss) => sum + loss, 0);
  };
  const coarse = nelderMead(lossOf, start, { size, evaluations: effort * trials.means[0] });
  const fine = nelderMead(lossOf, coarse.x, { size: start.map(() => 0.2), evaluations: effort * trials.means[1] });
  return fitVariation(views, fine.x, { ...options, onTrial });
}

function frontEndAt(x: readonly number[]): FrontEnd {
  const [request, perToken, hop, output, perOutputToken, first, accept, delivery, wait] = x.map(Math.exp);
  return {
    accept_ns: accept!,
    request_ns: request!,
    request_token_ns: perToken!,
    request_hops: HOPS,
    request_hop_ns: hop!,
    output_ns: output!,
    output_token_ns: perOutputToken!,
    chunk_ns: 0,
    first_chunk_ns: first!,
    delivery_ns: delivery!,
    first_wait_token_ns: wait!,
  };
}

interface View extends FrontEndLog {
  /** Tokens whose time at the client is known: which output had them, when they came; firsts apart. */
  readonly firsts: readonly Seen[];
  readonly others: readonly Seen[];
  /** Share of output tokens that came in a chunk with an earlier one; undefined where chunks were not counted. */
  readonly merged: number | undefined;
}

interface Seen {
  readonly output: number;
  readonly atNs: number;
}

function viewOf({ requests, traffic, weight }: FrontEndLog): View {
  const firsts: Seen[] = [];
  const others: Seen[] = [];
  const count = new Int32Array(requests.length);
  const chunks = requests.map((request) => chunkTimesNs(request));
  traffic.outputs.forEach(({ requests: served }, output) => {
    for (const request of served) {
      const nth = count[request]!++;
      const { firstTokenNs, lastTokenNs, outputTokens } = requests[request]!;
      if (nth === 0) {
        if (firstTokenNs !== undefined) firsts.push({ output, atNs: firstTokenNs });
      } else if (nth === outputTokens - 1) {
        if (lastTokenNs !== undefined) others.push({ output, atNs: lastTokenNs });
      } else if (nth % 7 === 3 && chunks[request] !== undefined) {
        others.push({ output, atNs: chunks[request][nth]! });
      }
    }
  });
  return { requests, traffic, weight, firsts, others, merged: mergedShare(requests) };
}

function mergedShare(requests: readonly RequestRecord[]): number | undefined {
  let [chunks, tokens] = [0, 0];
  for (const { extra, outputTokens } of requests) {
    const count = Number(extra?.chunks ?? NaN);
    if (Number.isNaN(count)) return undefined;
    chunks += count;
    tokens += outputTokens;
  }
  return 1 - chunks / tokens;
}

/** Outputs that went out with the one before: their tokens came in its chunks, but those of new requests. */
function mergedIn({ deliveredNs }: FrontEndReplay, { outputs }: RecordedTraffic): number {
  let [merged, tokens] = [0, 0];
  outputs.forEach((output, at) => {
    tokens += output.tokens;
    if (at > 0 && deliveredNs[at] === deliveredNs[at - 1]) merged += output.tokens - output.firstTokens;
  });
  return merged / tokens;
}

/** What no count tells apart from none. */
const LEAST_MERGED = 0.01;

function mergedLoss(view: View, replay: FrontEndReplay): number {
  if (view.merged === undefined) return 0;
  return squaredLog(LEAST_MERGED + mergedIn(replay, view.traffic), LEAST_MERGED + view.merged, 0);
}

/** When each token came, where each came in a chunk of its own. */
function chunkTimesNs({ sentNs, arrivalNs, outputTokens, extra }: RequestRecord): number[] | undefined {
  const times = extra?.chunk_ms?.split(";").filter((ms) => ms !== "");
  if (times?.length !== outputTokens) return undefined;
  return times.map((ms) => (sentNs ?? arrivalNs) + Number(ms) * 1e6);
}

function replayWith(
  frontEnd: FrontEnd,
  { requests, traffic }: View,
  { sendNs }: FrontEndFitOptions,
  jitter?: FrontEndJitter,
): FrontEndReplay {
  const factors =
    jitter === undefined
      ? meanFactors(undefined)
      : jitterFactors({ ...jitter, host_states: [], run_spread: 0 }, "fit/front-end");
  return replayFrontEnd(requests, traffic.outputs, frontEndCost(frontEnd, factors), sendNs);
}

/** Mean absolute errors of both ways, stalls capped, and how far their means are off, ms. */
function pairedLoss(view: View, replay: FrontEndReplay, { wakeNs }: FrontEndFitOptions): number {
  const entries = view.traffic.entries.map(({ request, notBeforeNs, atNs, wokeEngine }) => {
    const readyNs = replay.readyNs[request]!;
    if (wokeEngine) return readyNs + wakeNs - atNs;
    return readyNs > atNs ? readyNs - atNs : Math.min(0, readyNs - notBeforeNs);
  });
  const delays = (seen: readonly Seen[], predictedNs: Float64Array): number[] =>
    seen.map(({ output, atNs }) => predictedNs[output]! - atNs);
  const firsts = groupLoss(delays(view.firsts, replay.firstsNs));
  const others = groupLoss(delays(view.others, replay.deliveredNs));
  return groupLoss(entries) + firsts + others + mergedLoss(view, replay);
}

function groupLoss(errorsNs: readonly number[]): number {
  if (errorsNs.length === 0) return 0;
  let [absolute, signed] = [0, 0];
  for (const ns of errorsNs) {
    const capped = Math.max(-CAP_MS, Math.min(CAP_MS, ns / 1e6));
    absolute += Math.abs(capped);
    signed += capped;
  }
  return (absolute + 0.5 * Math.abs(signed)) / errorsNs.length;
}

/** How request and output jobs vary, and how often outputs are held up: quantiles and means of both delays must agree. */
function fitVariation(
  views: readonly View[],
  mean: readonly number[],
  { onTrial, effort = 1, ...options }: FrontEndFitOptions & { readonly onTrial: () => void },
): FrontEndFit {
  const at = (x: readonly number[]): FrontEndFit => {
    const [request, output, stallLogit, stall, ...times] = x;
    return {
      frontEnd: frontEndAt(times),
      jitter: {
        request: logNormalVariation(Math.exp(request!)),
        output: logNormalVariation(Math.exp(output!)),
        output_stall: { probability: 0.1 / (1 + Math.exp(-stallLogit!)), mean_ns: Math.exp(stall!) },
      },
    };
  };
  const reals = views.map((view) => delaysOf(view));
  const lossOf = (x: readonly number[]): number => {
    onTrial();
    const { frontEnd, jitter } = at(x);
    return views.reduce((sum, view, index) => {
      const replay = replayWith(frontEnd, view, options, jitter);
      const paired = 0.1 * pairedLoss(view, replay, options) + mergedLoss(view, replay);
      return sum + view.weight * (paired + quantileLoss(delaysOf(view, replay, options), reals[index]!));
    }, 0);
  };
  const start = [Math.log(0.3), Math.log(0.3), -1.5, Math.log(10e6), ...mean];
  let { x } = nelderMead(lossOf, start, {
    size: [0.7, 0.7, 1, 0.5, ...mean.map(() => 0.3)],
    evaluations: effort * trials.variation[0],
  });
  trials.variation.slice(1).forEach((evaluations, round) => {
    const size = start.map(() => (round === 0 ? 0.4 : -0.25));
    ({ x } = nelderMead(lossOf, x, { size, evaluations: effort * evaluations }));
  });
  return at(x);
}

interface Delays {
  /** From sending to entering the engine. */
  readonly in: Float64Array;
  /** From the update to the client, of first and of other tokens. */
  readonly first: Float64Array;
  readonly other: Float64Array;
}

/** Delays as recorded, or as a replay has them, sorted, ms. */
function delaysOf(view: View, replay?: FrontEndReplay, options?: FrontEndFitOptions): Delays {
  const { requests, traffic } = view;
  const entryNs = (request: number, recordedNs: number, wokeEngine: boolean): number => {
    if (replay === undefined) return recordedNs;
    const readyNs = replay.readyNs[request]!;
    return wokeEngine ? readyNs + options!.wakeNs : nextLook(traffic.looksNs, readyNs);
  };
  const out = (seen: readonly Seen[], predictedNs: Float64Array | undefined): Float64Array =>
    sortedMs(seen.map(({ output, atNs }) => (predictedNs?.[output] ?? atNs) - traffic.outputs[output]!.updatedNs));
  return {
    in: sortedMs(
      traffic.entries.map(({ request, atNs, wokeEngine }) => {
        const { sentNs, arrivalNs } = requests[request]!;
        return entryNs(request, atNs, wokeEngine) - (sentNs ?? arrivalNs);
      }),
    ),
    first: out(view.firsts, replay?.firstsNs),
    other: out(view.others, replay?.deliveredNs),
  };
}

/** The first look at or after a moment; the engine that never looks again takes the request at once. */
function nextLook(looksNs: Float64Array, readyNs: number): number {
  let [low, high] = [0, looksNs.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (looksNs[middle]! < readyNs) low = middle + 1;
    else high = middle;
  }
  return looksNs[low] ?? readyNs;
}

function quantileLoss(got: Delays, real: Delays): number {
  let loss = 0;
  for (const way of ["in", "first", "other"] as const) {
    const [a, b] = [got[way], real[way]];
    if (b.length === 0) continue;
    for (const p of quantiles) loss += squaredLog(at(a, p), at(b, p));
    loss += 4 * squaredLog(mean(a), mean(b));
  }
  return loss;
}

function squaredLog(got: number, real: number, least = 0.05): number {
  return Math.log(Math.max(got, least) / Math.max(real, least)) ** 2;
}

function at(sorted: Float64Array, p: number): number {
  return sorted[Math.round(p * (sorted.length - 1))]!;
}

function sortedMs(ns: readonly number[]): Float64Array {
  return Float64Array.from(ns, (value) => value / 1e6).sort();
}
