/** What a question is about: a policy on a profile under a load, as the flags of `simulate` say it, in a form that crosses threads. */
import type { Load, Profile, Workload } from "../../formats/index.js";
import {
  assumedOf,
  machineOf,
  planPolicy,
  withCostDraw,
  type EngineName,
  type PolicyPlan,
  type RouterName,
  type SimulatedRunInput,
} from "../../sim/index.js";

export interface Served {
  /** A plan holds functions, its name and settings do not. */
  readonly policy: { readonly name: string; readonly settings: Readonly<Record<string, unknown>> };
  readonly profile: Profile;
  readonly load: Load;
  readonly seed: string;
  readonly jitter: boolean | undefined;
  readonly engine: EngineName;
  readonly replicas: number;
  readonly router: RouterName;
  /** Of the router prefix-aware. */
  readonly routerBeta?: number | undefined;
}

export interface ServedRun {
  readonly load: Load;
  readonly workload: Workload;
  /** Of everything drawn. */
  readonly seed: string;
  /** Of the profile's costs; null: the estimates themselves. */
  readonly draw: number | null;
}

export function planOf({ policy }: Pick<Served, "policy">): PolicyPlan {
  return planPolicy(policy.name, policy.settings, { source: `settings of ${policy.name}` });
}

/** What is assumed about a server whose version of vLLM is not known, as a note of an answer; empty: nothing. */
export function versionNotes(served: Pick<Served, "policy" | "profile">): string[] {
  const plan = planOf(served);
  const version = plan.work === "step" ? plan.create(machineOf(served.profile)).vllmVersion : undefined;
  const assumed = version === undefined ? undefined : assumedOf(version);
  return assumed === undefined ? [] : [`version: ${assumed}`];
}

/** One run, as it is simulated. */
export function servedInput(served: Served, { load, workload, seed, draw }: ServedRun): SimulatedRunInput {
  const { profile, jitter, engine, replicas, router, routerBeta } = served;
  return {
    plan: planOf(served),
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
