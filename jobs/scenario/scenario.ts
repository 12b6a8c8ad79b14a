/** A policy on a profile under a load, as the flags of `simulate` say it, in a form that crosses threads. */
import type { Load, Profile } from "../../formats/index.js";
import {
  planPolicy,
  requireFits,
  withCostDraw,
  type EngineName,
  type RouterName,
  type SimulatedRunInput,
} from "../../sim/index.js";
import { workloadOfContent, type LoadContent } from "./load-content.js";

export interface Scenario {
  /** A plan holds functions, its name and settings do not. */
  readonly policy: { readonly name: string; readonly settings: Readonly<Record<string, unknown>> };
  readonly profile: Profile;
  readonly load: Load;
  readonly content: LoadContent;
  readonly seed: string;
  readonly jitter: boolean | undefined;
  readonly engine: EngineName;
  readonly replicas: number;
  readonly router: RouterName;
  /** Of the router prefix-aware. */
  readonly routerBeta?: number | undefined;
}

/** One day of a scenario: the seed of everything drawn, and the draw of the profile's costs (null: the estimates themselves). */
export interface Day {
  readonly seed: string;
  readonly draw: number | null;
}

/** ConfigError for a load that the policy cannot serve on this profile. */
export function inputOf(scenario: Scenario, { seed, draw }: Day): SimulatedRunInput {
  const { policy, profile, load, content, jitter, engine, replicas, router, routerBeta } = scenario;
  const plan = planPolicy(policy.name, policy.settings, { source: `settings of ${policy.name}` });
  const workload = workloadOfContent(load, content, seed);
  if (plan.work === "batch") requireFits(workload, profile.model.positions, profile.model.name);
  return {
    plan,
    profile: draw === null ? profile : withCostDraw(profile, draw),
    load,
    workload,
    seed,
    coldStart: false,
    jitter,
    engine,
    replicas,
    router,
    routerBeta,
  };
}
