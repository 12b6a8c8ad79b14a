/** One run over time, as the charts of timelines take it; several are drawn together on the same clock. */
import { scaleLinear } from "d3";
import { greatest, least } from "../../../formats/index.js";
import type { Timeline, TimelineWork } from "../../../sim/index.js";
import {
  inPolicyOrder,
  numberText,
  scaledUnit,
  sourceNames,
  sourcesOf,
  type Axis,
  type ChartSource,
  type Unit,
} from "../drawing/index.js";

/** What the pictures of runs are drawn from. */
export interface RunPicture {
  readonly title: string;
  /** At least one, and a request in one of them. */
  readonly scenes: readonly RunScene[];
}

export interface RunScene {
  readonly policy: string;
  readonly source: ChartSource;
  readonly timeline: Timeline;
  /** KV blocks of one replica; absent: the policy has none. */
  readonly kvBlocks?: number | undefined;
}

export function sceneName({ policy, source }: Pick<RunScene, "policy" | "source">): string {
  return `${policy}, ${sourceNames[source]}`;
}

/** What legends need of scenes. */
export function seriesOf(scenes: readonly Pick<RunScene, "policy" | "source">[]): {
  readonly schedulers: readonly string[];
  readonly sources: readonly ChartSource[];
} {
  return { schedulers: inPolicyOrder(scenes.map(({ policy }) => policy)), sources: sourcesOf(scenes) };
}

/** `n = 72 requests`, where scenes differ `n = 70–72 requests each`. */
export function sceneCount(scenes: readonly RunScene[]): string {
  const counts = scenes.map(({ timeline }) => timeline.requests.length);
  const [low, high] = [least(counts), greatest(counts)];
  const range =
    low === high ? high.toLocaleString("en-US") : `${low.toLocaleString("en-US")}–${high.toLocaleString("en-US")}`;
  return `n = ${range} request${high === 1 ? "" : "s"}${scenes.length > 1 ? " each" : ""}`;
}

/** A pass over the model: a step, or one of the two parts of a batch. Its tokens are those that it computes at once. */
export interface Pass {
  readonly startNs: number;
  readonly endNs: number;
  readonly prefillTokens: number;
  readonly decodeTokens: number;
}

/**
 * Of a batch its prefill, every prompt padded to the longest, and its decodes as one: each computes a token for every request.
 */
export function passesOf(kind: Timeline["work"], work: TimelineWork): readonly Pass[] {
  const { startNs, endNs, firstTokenNs, prefillTokens, decodeRequests, requests } = work;
  if (kind === "steps") return [{ startNs, endNs, prefillTokens, decodeTokens: decodeRequests }];
  const prefilledNs = Math.min(Math.max(firstTokenNs ?? endNs, startNs), endNs);
  const prefill = { startNs, endNs: prefilledNs, prefillTokens, decodeTokens: 0 };
  if (prefilledNs === endNs) return [prefill];
  return [prefill, { startNs: prefilledNs, endNs, prefillTokens: 0, decodeTokens: requests }];
}

/** When the last request or piece of work ends. */
export function endOf(scenes: readonly RunScene[]): number {
  let endNs = 1;
  for (const { timeline } of scenes) {
    for (const request of timeline.requests) endNs = Math.max(endNs, request.endNs);
    for (const { work } of timeline.engines) for (const one of work) endNs = Math.max(endNs, one.endNs);
  }
  return endNs;
}

export interface Window {
  readonly fromNs: number;
  readonly toNs: number;
}

/** The time about the most waiting requests, as long as no scene has more than `most` pieces of work in it on an engine. */
export function busiestWindow(scenes: readonly RunScene[], most: number): Window {
  const endNs = endOf(scenes);
  const busiestNs = busiestAt(scenes);
  const works = scenes.flatMap(({ timeline }) => timeline.engines.map(({ work }) => work));
  let lengthNs = endNs;
  let window: Window = { fromNs: 0, toNs: endNs };
  while (lengthNs > 1000 && works.some((work) => countWithin(work, window) > most)) {
    lengthNs *= 0.85;
    const fromNs = Math.max(0, Math.min(busiestNs - 0.3 * lengthNs, endNs - lengthNs));
    window = { fromNs, toNs: fromNs + lengthNs };
  }
  return window;
}

function busiestAt(scenes: readonly RunScene[]): number {
  let [most, atNs] = [0, 0];
  for (const { timeline } of scenes) {
    for (const { counts } of timeline.engines) {
      for (const count of counts) if (count.waiting > most) [most, atNs] = [count.waiting, count.atNs];
    }
  }
  return atNs;
}

function countWithin(work: readonly TimelineWork[], { fromNs, toNs }: Window): number {
  let count = 0;
  for (const { startNs, endNs } of work) if (endNs > fromNs && startNs < toNs) count++;
  return count;
}

/** A unit of time in which a span is a handy number, for values in ns. */
export function spanUnit(spanNs: number): Unit {
  if (spanNs >= 7.2e12) return scaledUnit("h", 1 / 3.6e12);
  if (spanNs >= 6e11) return scaledUnit("min", 1 / 6e10);
  return spanNs >= 5e8 ? scaledUnit("s", 1e-9) : scaledUnit("ms", 1e-6);
}

/** `from 1.2 to 3.4 s`. */
export function windowText({ fromNs, toNs }: Window): string {
  const perNs = toNs >= 5e8 ? ([1e-9, "s"] as const) : ([1e-6, "ms"] as const);
  return `from ${numberText(fromNs * perNs[0], 4)} to ${numberText(toNs * perNs[0], 4)} ${perNs[1]}`;
}

/** A time axis of a window of a run, which need not begin at zero: times are those since the run's start, in ns. */
export function windowAxis({ fromNs, toNs }: Window): Axis {
  const unit = spanUnit(toNs);
  const perNs = Number(unit.exact(1e9)) / 1e9;
  const shown = scaleLinear([fromNs * perNs, toNs * perNs], [0, 1]);
  return {
    label: `time since the start of the run (${unit.name}${fromNs > 0 ? ", a part of it" : ""})`,
    ticks: shown.ticks(8).map((tick) => tick / perNs),
    tickText: (ns) => unit.text(ns, 5),
    fraction: (ns) => (ns - fromNs) / Math.max(toNs - fromNs, 1),
    exact: unit.exact,
  };
}
