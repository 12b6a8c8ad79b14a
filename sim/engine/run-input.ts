/** What one simulated run is made from. */
import { ConfigError, type AutoscalePlan, type Load, type Profile, type Workload } from "../../formats/index.js";
import type { PolicyPlan } from "../policy/index.js";
import type { RouterName } from "../router/index.js";
import type { Observe } from "./server/index.js";
import type { EngineName } from "./step-simulation.js";

export interface SimulatedRunInput {
  readonly plan: PolicyPlan;
  readonly profile: Profile;
  readonly workload: Workload;
  readonly load: Load;
  readonly seed: string;
  readonly coldStart: boolean;
  /** Of policies that run steps; default fast. */
  readonly engine?: EngineName | undefined;
  /** Copies of the server behind a router; default 1. */
  readonly replicas?: number | undefined;
  readonly router?: RouterName | undefined;
  /** Weight of the load of the router prefix-aware; default DEFAULT_BETA; others do not look at it. */
  readonly routerBeta?: number | undefined;
  /** Policies that run steps: an autoscaler says how many replicas there are, in place of `replicas`. */
  readonly autoscale?: AutoscalePlan | undefined;
  /**
   * Whether times vary as the profile has measured, drawn with the seed; off: every time is its mean. Default: on for a
   * vLLM engine whose profile has jitter, since its means and tails come from it, and off for static batches.
   */
  readonly jitter?: boolean | undefined;
  /**
   * Seed of what a whole run shares, the pace of its host; default: `seed`. Another one is another day of the same
   * server.
   */
  readonly runSeed?: string | undefined;
  /**
   * The pace of the host by time, over the profile's, where it is known, of a recorded run; absent: drawn with the
   * seed.
   */
  readonly paceAt?: ((atNs: number) => number) | undefined;
  /** Makes the observer of each engine; for policies that run steps, with the engine `step`. */
  readonly observe?: Observe | undefined;
}

/** ConfigError for a profile that knows no cold start. */
export function requireColdStart({ name, cost }: Profile): void {
  if (cost.kind === "static_batch") return;
  throw new ConfigError(`profile "${name}" of a vLLM engine has no cold start, simulate without it`);
}
