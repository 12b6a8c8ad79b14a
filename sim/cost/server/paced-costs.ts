/**
 * What steps and front-end jobs cost where all times of the host share one drawn pace: as constants, means and streams, for an
 * engine that puts them together itself (engine/flat). Times in ns.
 */
import type { JitterName, VllmEngineCost } from "../../../formats/index.js";
import { incrementOfLaw, wholeNs } from "../decode-law.js";
import { decodeBaseNs } from "./gpu-step.js";
import { type FactorBlocks, OwnFactors, PacedFactors, Stalls, type FactorStream } from "../draws/index.js";
import type { GraphKind, GraphSizes } from "./graph-sizes.js";
import { requestsNs, type VllmFrontEndCost, type VllmHostCost } from "./host-cost.js";
import type { HostPath } from "../draws/index.js";
import type { Factors } from "../draws/index.js";
import type { FrontEndCost } from "../step-cost.js";

/** Means of steps of so many requests, not rounded where nothing else is said. */
export interface StepMeans {
  readonly scheduleNs: number;
  readonly updateNs: number;
  readonly launchNs: Readonly<Record<GraphKind, number>>;
  /** How a step that only decodes is launched. */
  readonly decodeKind: GraphKind;
  /** Its time on the GPU without its context, and how much longer each further step of the same requests takes; whole ns. */
  readonly decodeNs: number;
  readonly incrementNs: number;
  /** A front end's job of one output of these requests, and what of it comes after half of its chunks; that in whole ns. */
  readonly outputNs: number;
  readonly restNs: number;
}

export interface PacedCosts {
  readonly pace: HostPath;
  readonly streams: Readonly<Record<JitterName, FactorBlocks>>;
  readonly stalls: Stalls;
  readonly host: VllmHostCost;
  readonly frontEnd: FrontEndCost;
  /** Means of what the host and the front end do. */
  readonly calls: VllmEngineCost["host"];
  readonly jobs: NonNullable<VllmEngineCost["front_end"]>;
  readonly gpu: VllmEngineCost["gpu"];
  readonly graphs: GraphSizes;
  meansOf(requests: number): StepMeans;
  /** A step with a prefill, of so many tokens in all, on the GPU, without what its attention reads. */
  prefillNs(tokens: number): number;
}

interface Parts extends Pick<PacedCosts, "graphs" | "host" | "prefillNs"> {
  readonly cost: VllmEngineCost;
  readonly factors: Factors;
  readonly frontEnd: VllmFrontEndCost | undefined;
}

/** Undefined where times of the host do not share one pace, or there is no front end. */
export function pacedCosts({ cost, factors, frontEnd, graphs, host, prefillNs }: Parts): PacedCosts | undefined {
  const { schedule, gpu, stalls } = factors;
  const jobs = cost.front_end;
  if (jobs === undefined || frontEnd === undefined) return undefined;
  if (!(schedule instanceof PacedFactors) || !(gpu instanceof OwnFactors) || !(stalls instanceof Stalls))
    return undefined;
  const { pace } = schedule;
  const ofPace = (stream: FactorStream): stream is PacedFactors =>
    stream instanceof PacedFactors && stream.pace === pace;
  const { update, request, output, launch_full_graph, launch_piecewise, launch_no_graph } = factors;
  if (!ofPace(update) || !ofPace(request) || !ofPace(output)) return undefined;
  if (!ofPace(launch_full_graph) || !ofPace(launch_piecewise) || !ofPace(launch_no_graph)) return undefined;
  const { host: calls } = cost;
  return {
    pace,
    streams: { schedule, update, gpu, request, output, launch_full_graph, launch_piecewise, launch_no_graph },
    ...{ stalls, host, frontEnd, calls, jobs, gpu: cost.gpu, graphs, prefillNs },
    meansOf: (requests) => ({
      scheduleNs: requestsNs(calls.schedule, requests),
      updateNs: requestsNs(calls.update, requests),
      launchNs: {
        full: requestsNs(host.full.call, requests),
        piecewise: requestsNs(host.piecewise.call, requests),
        none: requestsNs(host.eager.call, requests),
      },
      decodeKind: graphs.kind(requests, true),
      decodeNs: wholeNs(decodeBaseNs(cost.gpu, graphs.paddedTokens(requests))),
      incrementNs: incrementOfLaw(cost.gpu.context_token_ns, requests),
      outputNs: frontEnd.outputMeans(requests).meanNs(1),
      restNs: frontEnd.outputMeans(requests).restNs,
    }),
  };
}
