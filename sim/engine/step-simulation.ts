/** What a simulation of continuous batching is made of. */
import type { AutoscalePlan, Workload } from "../../formats/index.js";
import type { StepCostModel } from "../cost/index.js";
import type { StepSchedulers } from "../policy/index.js";
import { routesBlindly, type RouterName } from "../router/index.js";
import { isImpatient } from "../workload/index.js";
import type { StepObserver } from "./server/index.js";

/** `fast` jumps over runs of decodes; `step` does every step and token, the reference. Their results are the same. */
export const engineNames = ["fast", "step"] as const;
export type EngineName = (typeof engineNames)[number];

export interface StepSimulationInput {
  readonly workload: Workload;
  readonly policy: StepSchedulers;
  /** Makes the costs of an engine: a replica, by its number, and of a data parallel one a rank. */
  readonly cost: (replica: number, rank: number) => StepCostModel;
  readonly engine: EngineName;
  readonly replicas?: number;
  readonly router?: RouterName;
  readonly routerBeta?: number | undefined;
  /** Of a router that draws. */
  readonly seed?: string;
  /** Makes the observer of an engine, named as in `cost`; only with the engine `step`. */
  readonly observer?: ((replica: number, rank: number) => StepObserver) | undefined;
  /** An autoscaler says how many replicas there are, in place of `replicas`. */
  readonly autoscale?: AutoscalePlan | undefined;
}

/** Whether nothing that a replica does changes what another one does: the router is blind, and no client waits for answers. */
export function areApart({ workload, router = "round-robin", ...input }: StepSimulationInput): boolean {
  return (
    (input.replicas ?? 1) > 1 &&
    routesBlindly(router) &&
    workload.maxConcurrency === Infinity &&
    workload.sessions === undefined &&
    !isImpatient(workload) &&
    input.autoscale === undefined &&
    input.observer === undefined
  );
}
