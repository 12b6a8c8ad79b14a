/** What a question is asked about: a policy on a profile under a load, in a form that crosses threads. */
import { defined, type AutoscalePlan, type Goals, type Load, type Profile } from "../../formats/index.js";
import {
  planPolicy,
  withCostDraw,
  type EngineName,
  type PolicyPlan,
  type RouterName,
  type SimulatedRunInput,
} from "../../sim/index.js";
import { loadAt, workloadAt, type LoadSource, type Vary } from "./load-source.js";

export interface Deployment {
  readonly policy: { readonly name: string; readonly settings: Readonly<Record<string, unknown>> };
  readonly profile: Profile;
  readonly load: Load;
  readonly source: LoadSource;
  readonly vary: Vary;
  readonly goals: Goals;
  readonly seed: string;
  readonly jitter: boolean | undefined;
  readonly engine: EngineName;
  readonly replicas: number;
  readonly router: RouterName;
  /** Of the router prefix-aware. */
  readonly routerBeta?: number | undefined;
  /** An autoscaler says how many replicas there are; absent: the number is fixed. */
  readonly autoscale?: AutoscalePlan | undefined;
}

/** One run of a deployment. */
export interface Point {
  /** Of the varied number. */
  readonly x: number;
  /** Of arrivals, lengths, times and the pace of the host. */
  readonly seed: string;
  /** Of the profile's costs; null: the estimates themselves. */
  readonly draw: number | null;
  readonly count: number;
  /** Every time at its mean. */
  readonly isSteady?: boolean;
}

export function planOf({ policy }: Deployment): PolicyPlan {
  return planPolicy(policy.name, policy.settings, { source: `settings of ${policy.name}` });
}

export function inputAt(deployment: Deployment, { x, seed, draw, count, isSteady }: Point): SimulatedRunInput {
  const { profile, source, vary, engine, router, routerBeta, autoscale } = deployment;
  const load = loadAt(deployment.load, source, vary, { x, count });
  return {
    plan: planOf(deployment),
    profile: draw === null ? profile : withCostDraw(profile, draw),
    load,
    workload: workloadAt(load, source, seed),
    seed,
    coldStart: false,
    jitter: isSteady === true ? false : deployment.jitter,
    engine,
    replicas: replicasAt(deployment, x),
    router,
    routerBeta,
    ...defined({ autoscale }),
  };
}

export function replicasAt({ vary, replicas }: Deployment, x: number): number {
  return vary === "replicas" ? x : replicas;
}

/** Whether its load goes on at one rate, so that a start-up can be cut off and the server must keep up. */
export function isSteadyLoad({ source, vary, load }: Deployment): boolean {
  if (source.kind === "trace" || vary === "max_concurrency") return false;
  return vary === "request_rate" || (load.request_rate !== undefined && load.max_concurrency === undefined);
}
