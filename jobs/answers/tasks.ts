/**
 * What a thread is asked to do for an answer: find the edge or the fewest replicas of one replication, or look at one
 * run in detail.
 */
import { meanRunPaceScore } from "../../sim/index.js";
import { isOfSessions, isSteadyLoad, type Deployment, type Point } from "./deployment.js";
import { autoscaledRun, type AutoscaledRun } from "./autoscaled.js";
import { findEdge, type EdgeOptions } from "./find-edge.js";
import { findFewest, type Fewest, type FewestOptions } from "./find-fewest.js";
import { detailedProbe, probe, type DetailedProbe, type Probe } from "./probe.js";

/** Changes of the deployment for one task. */
type Changes = Partial<Deployment>;

export interface EdgeTask {
  readonly kind: "edge";
  readonly point: Omit<Point, "x">;
  readonly options: EdgeOptions;
  readonly changes?: Changes | undefined;
}

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

export interface DetailTask {
  readonly kind: "detail";
  readonly point: Point;
  readonly changes?: Changes | undefined;
}

export interface FewestTask {
  readonly kind: "fewest";
  readonly point: Omit<Point, "x">;
  readonly options: FewestOptions;
  readonly changes?: Changes | undefined;
}

export type FewestResult = Fewest<DetailedProbe>;

export interface AutoscaleTask {
  readonly kind: "autoscale";
  readonly point: Omit<Point, "x">;
  /** With the autoscaler. */
  readonly changes: Changes;
}

export type AnswerTask = EdgeTask | DetailTask | FewestTask | AutoscaleTask;
export type AnswerResult = EdgeResult | DetailedProbe | FewestResult | AutoscaledRun;

export function runTask(base: Deployment, task: AnswerTask): AnswerResult {
  const deployment = { ...base, ...task.changes };
  if (task.kind === "edge") return edgeOf(deployment, task);
  if (task.kind === "autoscale") return autoscaledRun(deployment, task.point);
  if (task.kind === "detail") return detailedProbe(deployment, task.point);
  return findFewest((x) => detailedProbe(deployment, { ...task.point, x }), task.options);
}

/** Share of a run's requests that is enough to show what the calibration alone does. */
const STEADY_SHARE = 0.25;

function edgeOf(deployment: Deployment, { point, options }: EdgeTask): EdgeResult {
  const evaluate = (x: number): Found => {
    const found = probe(deployment, { ...point, x });
    return { ...found, ratio: found.worst.ratio };
  };
  const { at, isOpen, missed, runs } = findEdge(evaluate, options);
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

type Found = Probe & { readonly ratio: number };
