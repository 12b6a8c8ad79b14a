/**
 * Times of a vLLM engine's host process and of the front end before it, as a profile has them, jittered where asked.
 */
import type { VllmEngineCost } from "../../../formats/index.js";
import type { DecodeMeans, OutputMeans } from "../decode-times.js";
import type { FactorStream } from "../draws/index.js";
import type { Factors } from "../draws/index.js";
import type { GraphKind, GraphSizes } from "./graph-sizes.js";
import { wholeNs } from "../decode-law.js";
import type { FrontEndCost, HostCost, OutputJob, StepShape } from "../step-cost.js";

type CallCost = VllmEngineCost["host"]["update"];

/** How steps of one kind are launched. Objects of one form, since the loop asks for them in every step. */
export interface Launch {
  readonly call: CallCost;
  readonly factors: FactorStream;
  /** Part of it after which the GPU may begin. */
  readonly lead: number;
  readonly overlapPower: number;
}

/** Times of the host, of one run: a launch without graphs is remembered by the launches after it. */
export class VllmHostCost implements HostCost {
  readonly copyNs: number;
  readonly sendNs: number;
  readonly takeRequestNs: number;
  readonly wakeNs: number;
  readonly emptyStepSleepNs: number;
  /** When a launch without graphs began last. */
  private lastEagerNs = -Infinity;
  /** The step of the last query, and how it is launched. */
  private launched: StepShape | undefined;
  private launch: Launch;
  readonly full: Launch;
  readonly piecewise: Launch;
  readonly eager: Launch;
  private readonly schedule: CallCost;
  readonly prefillRequestNs: number;
  private readonly update: CallCost;

  constructor(
    private readonly host: VllmEngineCost["host"],
    private readonly graphs: GraphSizes,
    private readonly factors: Factors,
  ) {
    const launchOf = (name: LaunchName): Launch => {
      const { lead = host.launch_lead, overlap_power: overlapPower = Infinity } = host[name];
      return { call: callCost(host[name]), factors: factors[name], lead, overlapPower };
    };
    this.full = launchOf("launch_full_graph");
    this.piecewise = launchOf("launch_piecewise");
    this.eager = this.launch = launchOf("launch_no_graph");
    this.schedule = callCost(host.schedule);
    this.prefillRequestNs = host.schedule.prefill_request_ns ?? 0;
    this.update = callCost(host.update);
    this.copyNs = wholeNs(host.copy_ns);
    this.sendNs = wholeNs(host.send_ns);
    this.takeRequestNs = wholeNs(host.take_request_ns);
    this.wakeNs = wholeNs(host.wake_ns);
    this.emptyStepSleepNs = wholeNs(host.empty_step_sleep_ns);
  }

  scheduleNs({ scheduledRequests, prefillRequests }: StepShape, atNs: number): number {
    const prefillNs = this.prefillRequestNs * prefillRequests;
    return wholeNs((requestsNs(this.schedule, scheduledRequests) + prefillNs) * this.factors.schedule.next(atNs));
  }

  launchNs(step: StepShape, atNs: number): number {
    // The loop may use the object of a step that is over for another one.
    this.launched = undefined;
    const launch = this.launchOf(step);
    const meanNs = requestsNs(launch.call, step.scheduledRequests);
    const recent = this.graphs.isDecodes(step) ? 1 : this.recency(launch === this.eager, atNs);
    return wholeNs(meanNs * launch.factors.next(atNs) * recent);
  }

  leadNs(step: StepShape, launchNs: number): number {
    return wholeNs(this.launchOf(step).lead * launchNs);
  }

  idleSpanNs(step: StepShape, launchNs: number, gpuNs: number): number {
    const { lead, overlapPower } = this.launchOf(step);
    const afterNs = wholeNs(lead * launchNs) + gpuNs;
    const isSoft = overlapPower < Infinity && !this.graphs.isDecodes(step);
    return isSoft ? softLaterNs(launchNs, afterNs, overlapPower) : Math.max(launchNs, afterNs);
  }

  updateNs(requests: number, atNs: number): number {
    return wholeNs(requestsNs(this.update, requests) * this.factors.update.next(atNs));
  }

  /** What rounds that decode this many requests take in the mean, and what that is drawn by. */
  decodeMeans(requests: number): Omit<DecodeMeans, "gpu" | "gpuNs" | "requests" | "outputs"> {
    const { factors } = this;
    const launch = this.launchBy(this.graphs.kind(requests, true));
    return {
      scheduleNs: requestsNs(this.schedule, requests),
      schedule: factors.schedule,
      launchNs: requestsNs(launch.call, requests),
      launch: launch.factors,
      lead: launch.lead,
      updateNs: requestsNs(this.update, requests),
      update: factors.update,
    };
  }

  /** The loop asks several times about one step. */
  private launchOf(step: StepShape): Launch {
    if (step !== this.launched) {
      this.launched = step;
      this.launch = this.launchBy(this.graphs.kind(step.scheduledTokens, this.graphs.isDecodes(step)));
    }
    return this.launch;
  }

  private launchBy(kind: GraphKind): Launch {
    if (kind === "full") return this.full;
    return kind === "piecewise" ? this.piecewise : this.eager;
  }

  /** What a launch of a step that prefills takes of its time, by how long ago the last one without graphs was. */
  private recency(isEager: boolean, atNs: number): number {
    const { launch_recency: recency } = this.host;
    if (recency === undefined) return 1;
    const factor = 1 - recency.share * Math.exp((this.lastEagerNs - atNs) / recency.memory_ns);
    if (isEager) this.lastEagerNs = atNs;
    return factor;
  }
}

type LaunchName = "launch_full_graph" | "launch_piecewise" | "launch_no_graph";

/** The cost in one form, whatever of it is stated. */
function callCost({ base_ns, request_ns, first_requests = { upto: 0, request_ns: 0 } }: CallCost): CallCost {
  return { base_ns, request_ns, first_requests };
}

/** The later of two ends that hold each other up the more the nearer they are; whole ns. */
export function softLaterNs(oneNs: number, otherNs: number, power: number): number {
  const later = Math.max(oneNs, otherNs);
  if (later === 0) return 0;
  const ratio = Math.min(oneNs, otherNs) / later;
  return wholeNs(later * (1 + ratio ** power) ** (1 / power));
}

export class VllmFrontEndCost implements FrontEndCost {
  readonly acceptNs: number;
  readonly deliveryNs: number;
  readonly hops: number;
  private readonly hopMeanNs: number;
  private readonly hopGapMeanNs: number;
  private readonly request: FactorStream;

  constructor(
    private readonly cost: NonNullable<VllmEngineCost["front_end"]>,
    private readonly factors: Pick<Factors, "request" | "output" | "stalls">,
  ) {
    this.acceptNs = wholeNs(cost.accept_ns);
    this.deliveryNs = wholeNs(cost.delivery_ns);
    this.hops = cost.request_hops;
    this.hopMeanNs = cost.request_hop_ns;
    this.hopGapMeanNs = cost.request_hop_gap_ns;
    this.request = factors.request;
  }

  requestNs(promptTokens: number, atNs: number): number {
    const { request_ns, request_token_ns } = this.cost;
    return wholeNs((request_ns + request_token_ns * promptTokens) * this.request.next(atNs));
  }

  hopNs(atNs: number): number {
    return wholeNs(this.hopMeanNs * this.request.next(atNs));
  }

  hopGapNs(atNs: number): number {
    return wholeNs(this.hopGapMeanNs * this.request.next(atNs));
  }

  outputNs(job: OutputJob, atNs: number): number {
    const { factors } = this;
    const meanNs = outputJobNs(this.cost, job) * factors.output.next(atNs);
    return Math.max(this.restNs(job), wholeNs(meanNs + factors.stalls.next(job.tokens)));
  }

  /** The same of jobs of outputs of this many requests that decode. */
  outputMeans(requests: number): OutputMeans {
    const { cost, factors } = this;
    const jobOf = (outputs: number): OutputJob => ({ tokens: requests * outputs, chunks: requests, firstTokens: 0 });
    return {
      meanNs: (outputs) => outputJobNs(cost, jobOf(outputs)),
      tokens: requests,
      restNs: this.restNs(jobOf(1)),
      factor: factors.output,
      stalls: factors.stalls,
    };
  }

  restNs({ chunks, firstTokens }: OutputJob): number {
    return wholeNs((this.cost.chunk_ns * chunks) / 2 + this.cost.first_chunk_ns * firstTokens);
  }

  firstWaitNs({ chunks }: OutputJob): number {
    return wholeNs(this.cost.first_wait_token_ns * chunks);
  }
}

/** Mean time of a job of outputs, without stalls. */
function outputJobNs(
  cost: NonNullable<VllmEngineCost["front_end"]>,
  { tokens, chunks, firstTokens }: OutputJob,
): number {
  const writtenNs = cost.chunk_ns * chunks + cost.first_chunk_ns * firstTokens;
  return cost.output_ns + cost.output_token_ns * tokens + writtenNs;
}

/** Mean time of a call by the requests of its step. */
export function requestsNs(
  { base_ns, request_ns, first_requests }: VllmEngineCost["host"]["update"],
  requests: number,
): number {
  const firstNs =
    first_requests === undefined ? 0 : first_requests.request_ns * Math.min(requests, first_requests.upto);
  return base_ns + request_ns * requests + firstNs;
}
