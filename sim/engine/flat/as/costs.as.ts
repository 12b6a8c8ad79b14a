/** What things cost, in whole ns: the caller gives means and blocks of drawn factors; both are put together here. */
import { fillMeans, heldNs, meanPrefillNs } from "./caller.as";
import { beginFactors, Factors, GPU, LAUNCH, OUTPUT, REQUEST, SCHEDULE, UPDATE } from "./factors.as";
import { emptyRoom, room } from "./memory.as";

/** Kinds of launches. */
export const FULL: i32 = 0;
export const PIECEWISE: i32 = 1;
export const EAGER: i32 = 2;

/** Fixed times of the host and the front end; set from outside, as all that follows. */
export let copyNs: f64 = 0;
export let sendNs: f64 = 0;
export let takeRequestNs: f64 = 0;
export let wakeNs: f64 = 0;
export let emptyStepSleepNs: f64 = 0;
export let acceptNs: f64 = 0;
export let deliveryNs: f64 = 0;
/** Means that depend on more than the requests of a step. */
export let prefillRequestNs: f64 = 0;
export let requestNs: f64 = 0;
export let requestTokenNs: f64 = 0;
export let hops: i32 = 0;
export let hopNs: f64 = 0;
export let hopGapNs: f64 = 0;
export let outputNs: f64 = 0;
export let outputTokenNs: f64 = 0;
export let chunkNs: f64 = 0;
export let firstChunkNs: f64 = 0;
export let firstWaitTokenNs: f64 = 0;
export let contextTokenNs: f64 = 0;
export let attentionPairNs: f64 = 0;
/** Part of a launch after which the GPU may begin, by kind, and how a launch and a step that end together hold each other up. */
export let fullLead: f64 = 0;
export let piecewiseLead: f64 = 0;
export let eagerLead: f64 = 0;
export let piecewisePower: f64 = Infinity;
export let eagerPower: f64 = Infinity;
/** How much of a launch the launches before it spare it; share 0: nothing. */
export let recencyShare: f64 = 0;
export let recencyMemoryNs: f64 = 1;
/** Steps of fewer tokens have a CUDA graph. */
export let graphTokens: i32 = 0;
export let promptRestIsDecode: i32 = 0;

/** Tokens for which the front end is not held up; below 0: it is. */
export let stallTokens: f64 = 0;

export function whole(ns: f64): f64 {
  return floor<f64>(ns + 0.5);
}

export function later(oneNs: f64, otherNs: f64): f64 {
  return oneNs > otherNs ? oneNs : otherNs;
}

export function sooner(oneNs: f64, otherNs: f64): f64 {
  return oneNs < otherNs ? oneNs : otherNs;
}

/** Means of steps of so many requests. */
@unmanaged
export class Means {
  scheduleNs: f64;
  updateNs: f64;
  fullNs: f64;
  piecewiseNs: f64;
  eagerNs: f64;
  /** Of a step that only decodes: without its context, and how much more the next one takes. */
  decodeNs: f64;
  incrementNs: f64;
  /** Of a front end's job of one output of these requests, and what of it comes after half of its chunks. */
  outputNs: f64;
  restNs: f64;
  decodeKind: i32;
  /** 32 bits, so that the next one begins where a number may. */
  isKnown: i32;
}
@unmanaged
class Tables {
  means: usize;
  prefillNs: usize;
  prefillTokens: i32;
  lastEagerNs: f64;
}
const TABLES_AT = memory.data(offsetof<Tables>(), 16);
const tables = changetype<Tables>(TABLES_AT);

/** Prefills of more tokens are asked for every time. */
const MOST_PREFILL: i32 = 16384;

export function beginCosts(slots: i32, budget: i32): void {
  tables.means = emptyRoom(<usize>(slots + 1) * offsetof<Means>());
  tables.prefillTokens = min(budget, MOST_PREFILL);
  tables.prefillNs = emptyRoom((<usize>(tables.prefillTokens + 1)) << 3);
  tables.lastEagerNs = -Infinity;
  beginFactors();
}

export function meansOf(requests: i32): Means {
  const means = changetype<Means>(tables.means + <usize>requests * offsetof<Means>());
  if (means.isKnown === 0) {
    fillMeans(requests, changetype<usize>(means));
    means.isKnown = 1;
  }
  return means;
}

export function scheduleNs(requests: i32, prefillRequests: i32, atNs: f64): f64 {
  const prefillNs = prefillRequestNs * <f64>prefillRequests;
  return whole((meansOf(requests).scheduleNs + prefillNs) * Factors.paced(SCHEDULE, atNs));
}

export function updateNs(requests: i32, atNs: f64): f64 {
  return whole(meansOf(requests).updateNs * Factors.paced(UPDATE, atNs));
}

/** The launch of a step that only decodes, of a kind. */
export function decodeLaunchNs(requests: i32, kind: i32, atNs: f64): f64 {
  return whole(launchMeanNs(meansOf(requests), kind) * Factors.paced(LAUNCH + kind, atNs));
}

export function mixedLaunchNs(requests: i32, kind: i32, atNs: f64): f64 {
  const drawnNs = launchMeanNs(meansOf(requests), kind) * Factors.paced(LAUNCH + kind, atNs);
  if (recencyShare === 0) return whole(drawnNs);
  const recent = 1 - recencyShare * JSMath.exp((tables.lastEagerNs - atNs) / recencyMemoryNs);
  if (kind === EAGER) tables.lastEagerNs = atNs;
  return whole(drawnNs * recent);
}

export function launchMeanNs(means: Means, kind: i32): f64 {
  return kind === FULL ? means.fullNs : kind === PIECEWISE ? means.piecewiseNs : means.eagerNs;
}

export function leadOf(kind: i32): f64 {
  return kind === FULL ? fullLead : kind === PIECEWISE ? piecewiseLead : eagerLead;
}

/** From the end of its scheduling to the end of a step on the GPU, which had nothing to do before; of a step that prefills. */
export function mixedSpanNs(kind: i32, launchNs: f64, gpuNs: f64): f64 {
  const power = kind === PIECEWISE ? piecewisePower : eagerPower;
  const afterNs = whole(leadOf(kind) * launchNs) + gpuNs;
  const laterNs = later(launchNs, afterNs);
  if (power === Infinity) return laterNs;
  if (laterNs === 0) return 0;
  const ratio = sooner(launchNs, afterNs) / laterNs;
  return whole(laterNs * JSMath.pow(1 + JSMath.pow(ratio, power), 1 / power));
}

/** The mean of a step that only decodes. */
export function decodeMeanNs(requests: i32, contextTokens: f64): f64 {
  const means = meansOf(requests);
  const n = <f64>requests;
  const depth = floor<f64>(contextTokens / n);
  const rest = contextTokens - depth * n;
  return later(1, means.decodeNs + means.incrementNs * depth + whole(contextTokenNs * rest));
}

export function drawnGpuNs(meanNs: f64): f64 {
  return later(1, whole(meanNs * Factors.own(GPU)));
}

/** The mean of a step that prefills; `pairs` of query and key. */
export function mixedMeanNs(tokens: i32, pairs: f64, contextTokens: f64): f64 {
  return prefillNsOf(tokens) + attentionPairNs * pairs + contextTokenNs * contextTokens;
}

/** 0: not asked for yet; no step takes no time. */
function prefillNsOf(tokens: i32): f64 {
  if (tokens > tables.prefillTokens) return meanPrefillNs(tokens);
  const place = tables.prefillNs + ((<usize>tokens) << 3);
  let ns = load<f64>(place);
  if (ns === 0) {
    ns = meanPrefillNs(tokens);
    store<f64>(place, ns);
  }
  return ns;
}

/** The front end handles a request. */
export function handlingNs(promptTokens: i32, atNs: f64): f64 {
  return whole((requestNs + requestTokenNs * <f64>promptTokens) * Factors.paced(REQUEST, atNs));
}

export function drawnHopNs(atNs: f64): f64 {
  return whole(hopNs * Factors.paced(REQUEST, atNs));
}

export function drawnHopGapNs(atNs: f64): f64 {
  return whole(hopGapNs * Factors.paced(REQUEST, atNs));
}

/** The front end handles outputs of so many tokens in so many chunks. */
export function jobNs(tokens: i32, chunks: i32, firstTokens: i32, atNs: f64): f64 {
  const writtenNs = chunkNs * <f64>chunks + firstChunkNs * <f64>firstTokens;
  const meanNs = outputNs + outputTokenNs * <f64>tokens + writtenNs;
  return jobOf(meanNs, restNs(chunks, firstTokens), tokens, atNs);
}

/** A job of one output of decodes. */
export function decodesJobNs(requests: i32, atNs: f64): f64 {
  const means = meansOf(requests);
  return jobOf(means.outputNs, means.restNs, requests, atNs);
}

function jobOf(meanNs: f64, atLeastNs: f64, tokens: i32, atNs: f64): f64 {
  const drawnNs = meanNs * Factors.paced(OUTPUT, atNs);
  return later(atLeastNs, whole(drawnNs + (isHeldAt(<f64>tokens) ? heldNs() : 0)));
}

/** Whether the front end is held up at an output of so many tokens. */
export function isHeldAt(tokens: f64): bool {
  stallTokens -= tokens;
  return stallTokens < 0;
}

export function restNs(chunks: i32, firstTokens: i32): f64 {
  return whole((chunkNs * <f64>chunks) / 2 + firstChunkNs * <f64>firstTokens);
}

export function firstWaitNs(chunks: i32): f64 {
  return whole(firstWaitTokenNs * <f64>chunks);
}
