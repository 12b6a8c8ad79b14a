/**
 * Watches an engine and keeps what the parts of its requests' times are computed from: marks on each request's way, the
 * times in which it was left out of steps, and what the GPU and the scheduler did.
 */
import type { StepCostModel, StepShape } from "../cost/index.js";
import type { ObservedPass, StepObserver } from "../engine/index.js";
import type { EngineStep, StepAssignment } from "../policy/index.js";
import { GpuTimeline } from "./gpu-timeline.js";
import { StopTimeline } from "./stop-timeline.js";

const NONE = -1;

/** From one instant to another, ns. */
export interface Span {
  readonly fromNs: number;
  readonly toNs: number;
  readonly part: "token_budget" | "preemption";
}

/** A request's way through the engine. */
export class Marks {
  takenNs = NaN;
  admittedNs = NaN;
  /** When the steps in flight at its admission end on the GPU. */
  inFlightUntilNs = Number.NEGATIVE_INFINITY;
  /** Steps on the timeline: the latest it was in, those that gave it its first token and its latest one. */
  latest = NONE;
  first = NONE;
  last = NONE;
  /** GPU time of its own prefills, ns: up to its first token, without what it computed again. */
  ownPrefillNs = 0;
  /** Since when it is put back, or computes again; NaN: it is not. */
  preemptedNs = NaN;
  /** In order: scheduled without it, or put back until it is where it was. */
  readonly spans: Span[] = [];

  constructor(readonly queuedNs: number) {}
}

export class WatchedEngine implements StepObserver {
  readonly gpu = new GpuTimeline();
  readonly stops = new StopTimeline();
  /** By index in the workload. */
  readonly requests = new Map<number, Marks>();
  /** When each step's outputs had left the engine, by its place on the timeline. */
  readonly sentNs: number[] = [];
  /** Places of steps in flight, oldest first; NONE for a pass without tokens. */
  private readonly inFlight: number[] = [];

  constructor(private readonly meanCost: StepCostModel) {}

  queued(index: number, atNs: number): void {
    this.requests.set(index, new Marks(atNs));
  }

  taken(index: number, atNs: number): void {
    this.requests.get(index)!.takenNs = atNs;
  }

  scheduled({ startNs, step, assignments, gpuNs, gpuEndNs, stop }: ObservedPass): void {
    const { gpu } = this;
    this.stops.add(startNs, stop);
    const beforeNs = gpu.endNs(gpu.length - 1);
    for (const index of step.preempted) this.preempted(this.requests.get(index)!, startNs);
    for (const index of step.admitted) {
      const request = this.requests.get(index)!;
      if (!Number.isNaN(request.admittedNs)) continue;
      request.admittedNs = startNs;
      request.inFlightUntilNs = beforeNs;
    }
    if (step.scheduledTokens === 0) {
      this.inFlight.push(NONE);
      return;
    }
    const place = gpu.length;
    const { decodeRequests: decodes, prefillTokens } = step;
    gpu.add({ gpuNs, endNs: gpuEndNs, prefillShare: prefillShare(this.meanCost, step), decodes });
    this.inFlight.push(place);
    for (const assignment of assignments) this.assigned(assignment, place, prefillTokens);
  }

  sent(_step: EngineStep, atNs: number): void {
    const place = this.inFlight.shift()!;
    if (place !== NONE) this.sentNs[place] = atNs;
  }

  private preempted(request: Marks, atNs: number): void {
    if (Number.isNaN(request.preemptedNs)) request.preemptedNs = atNs;
  }

  private assigned({ index, tokens, samples, prefills }: StepAssignment, place: number, prefillTokens: number): void {
    const { gpu } = this;
    const request = this.requests.get(index)!;
    const { latest, preemptedNs } = request;
    const isAgain = !Number.isNaN(preemptedNs);
    if (!isAgain && latest !== NONE && place > latest + 1) {
      request.spans.push({ fromNs: gpu.endNs(latest), toNs: gpu.endNs(place - 1), part: "token_budget" });
    }
    request.latest = place;
    if (prefills && !isAgain && request.first === NONE) {
      request.ownPrefillNs += (gpu.prefillNs(place) * tokens) / prefillTokens;
    }
    if (!samples) return;
    if (request.first === NONE) request.first = place;
    request.last = place;
    if (!isAgain) return;
    request.spans.push({ fromNs: preemptedNs, toNs: gpu.endNs(place), part: "preemption" });
    request.preemptedNs = NaN;
  }
}

/** Of a step's time on the GPU, what its prompts add to its decodes, at mean times. */
function prefillShare(cost: StepCostModel, step: StepShape): number {
  const { prefillRequests, decodeRequests, decodeContextTokens } = step;
  if (prefillRequests === 0) return 0;
  if (decodeRequests === 0) return 1;
  const decodes: StepShape = {
    scheduledRequests: decodeRequests,
    scheduledTokens: decodeRequests,
    decodeRequests,
    decodeContextTokens,
    prefillRequests: 0,
    prefillTokens: 0,
    prefillContextTokens: 0,
    prefillAttentionPairs: 0,
    samplingRequests: decodeRequests,
  };
  const wholeNs = cost.gpuNs(step);
  return wholeNs <= 0 ? 0 : Math.min(1, Math.max(0, 1 - cost.gpuNs(decodes) / wholeNs));
}
