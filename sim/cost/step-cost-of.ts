/** The step costs of a profile of any kind. */
import type { Profile } from "../../formats/index.js";
import { EngineStepCost } from "./server/index.js";
import { defaultCaptureSizes, GraphSizes, type GraphRules } from "./server/index.js";
import { atPace, runFactor } from "./draws/index.js";
import { jitterFactors } from "./draws/index.js";
import { MeasuredStepCost } from "./measured-step-cost.js";
import { StaticStepCost } from "./batches/index.js";
import { measuredSteps } from "./range-use.js";
import type { StepCostModel } from "./step-cost.js";

export interface StepCostOptions {
  /** The first step pays the profile's cold start. */
  readonly coldStart: boolean;
  readonly maxNumSeqs: number;
  readonly maxNumBatchedTokens: number;
  readonly rules: GraphRules;
  /** Step sizes that CUDA graphs are captured for; absent: vLLM's default; empty: eager. */
  readonly captureSizes?: readonly number[] | undefined;
  /** Names the streams that jitter is drawn from; absent: every time is its mean. */
  readonly jitterStream?: string | undefined;
  /** Names the streams of what several engines on a host share, its pace; default: `jitterStream`. */
  readonly hostStream?: string | undefined;
  /** Names the stream of what a whole run shares, the pace of its host; default: `jitterStream`. */
  readonly runStream?: string | undefined;
  /** The pace of the host by time, over the profile's, where it is known; absent: drawn. */
  readonly paceAt?: ((atNs: number) => number) | undefined;
}

export function stepCostOf(profile: Profile, options: StepCostOptions): StepCostModel {
  const { cost, range, steps } = profile;
  if (steps !== undefined) return new MeasuredStepCost(steps, options);
  if (cost.kind === "static_batch") return new StaticStepCost(cost, range, options);
  const { maxNumSeqs, maxNumBatchedTokens, rules, captureSizes } = options;
  const { jitterStream, hostStream = jitterStream, runStream, paceAt } = options;
  const sizes = captureSizes ?? defaultCaptureSizes(maxNumSeqs, maxNumBatchedTokens, rules);
  const graphs = new GraphSizes(sizes, maxNumSeqs, rules.promptRestIsDecode);
  const measured = measuredSteps(profile);
  const pace = cost.host.pace ?? 1;
  if (jitterStream === undefined || cost.jitter === undefined) {
    return new EngineStepCost(atPace(cost, pace), measured, graphs);
  }
  const runPace = pace * runFactor(cost.jitter, runStream ?? jitterStream);
  return new EngineStepCost(
    atPace(cost, runPace),
    measured,
    graphs,
    jitterFactors(cost.jitter, jitterStream, paceAt, hostStream),
  );
}
