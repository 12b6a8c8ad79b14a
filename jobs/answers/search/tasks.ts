/** What a thread does for an answer: finds the edge or the fewest replicas of one replication, or looks at one run. */
import { meanRunPaceScore } from "../../../sim/index.js";
import {
  detailedProbe,
  isOfSessions,
  isSteadyLoad,
  probe,
  type Deployment,
  type DetailedProbe,
  type Point,
  type Replication,
} from "../run/index.js";
import { autoscaledRun, type AutoscaledRun } from "./autoscaled-run.js";
import { findEdge, type EdgeOptions } from "./find-edge.js";
import { findFewest, type Fewest, type FewestOptions } from "./find-fewest.js";

/** By kind: what a task has beside changes of the deployment, and what comes of it. */
export interface Tasks {
  readonly edge: { readonly point: Replication; readonly options: EdgeOptions };
  readonly fewest: { readonly point: Replication; readonly options: FewestOptions };
  readonly detail: { readonly point: Point };
  readonly autoscale: { readonly point: Replication };
}

export interface Results {
  readonly edge: EdgeResult;
  readonly fewest: Fewest<DetailedProbe>;
  readonly detail: DetailedProbe;
  readonly autoscale: AutoscaledRun;
}

export type Kind = keyof Tasks;
export type TaskOf<Name extends Kind> = Tasks[Name] & { readonly changes?: Partial<Deployment> | undefined };
export type Task = { [Name in Kind]: TaskOf<Name> & { readonly kind: Name } }[Kind];

export interface EdgeResult {
  readonly edge: number;
  /** Nothing was found that misses the goals. */
  readonly isOpen: boolean;
  /** The goal that is missed first beyond the edge; null: none was, or all are missed everywhere. */
  readonly binding: string | null;
  readonly runs: number;
  /** Normal score of the host's pace in this replication. */
  readonly paceScore: number;
  /**
   * The worst goal's ratio at the first guess with the same costs and every time at its mean: what the calibration
   * alone does.
   */
  readonly steadyRatio: number;
}

export function runTask(base: Deployment, task: Task): Results[Kind] {
  const deployment = { ...base, ...task.changes };
  switch (task.kind) {
    case "edge":
      return edgeOf(deployment, task);
    case "fewest":
      return findFewest((x) => detailedProbe(deployment, { ...task.point, x }), task.options);
    case "detail":
      return detailedProbe(deployment, task.point);
    case "autoscale":
      return autoscaledRun(deployment, task.point);
  }
}

/** Share of a run's requests that is enough to show what the calibration alone does. */
const STEADY_SHARE = 0.25;

function edgeOf(deployment: Deployment, { point, options }: Tasks["edge"]): EdgeResult {
  const { at, isOpen, missed, runs } = findEdge((x) => probe(deployment, { ...point, x }), options);
  const binding = missed?.worst.name ?? null;
  // A part of some sessions may be all start-up.
  const count = isOfSessions(deployment) ? point.count : Math.ceil(STEADY_SHARE * point.count);
  const steady = probe(deployment, { ...point, count, x: options.start, isSteady: true });
  return {
    // A little more than what is served counts as kept up with; what is served is the edge.
    edge: binding === "sustained" && isSteadyLoad(deployment) ? at / missed!.worst.limit : at,
    isOpen,
    binding: at === 0 ? null : binding,
    runs,
    paceScore: meanRunPaceScore(point.seed, deployment.replicas),
    steadyRatio: Math.log(Math.max(1e-6, steady.worst.ratio)),
  };
}
