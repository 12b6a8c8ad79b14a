/**
 * Calibrates steps of continuous batching: single steps on an executor of their own, then a loop of steps as a scheduler makes
 * them, and the section of the profile that comes of both. A model that cannot run steps gets none, with the reason.
 */
import { ConfigError, type StepCosts } from "../../../formats/index.js";
import { defaultStepSettings, type ModelFiles } from "../../../onnx/index.js";
import { startStepExecutor } from "../../../real/index.js";
import { planPolicy, type Machine, type StepPlan } from "../../../sim/index.js";
import { median } from "../../../sim/metrics/index.js";
import type { StepMeasurement } from "../../fit/index.js";
import type { GridPlan } from "../plan.js";
import { buildSteps } from "./build-steps.js";
import { fillSlots, runStep } from "./run-step.js";
import { longestRequest, referenceSpec, requestsOf, stepGrid } from "./step-grid.js";
import { closedLoop, measureLoop, openLoop, type StepLoopInput } from "./step-loop.js";
import { resumeSteps, stepRows } from "../raw/index.js";
import { measureRounds, type StepRounds } from "./step-session.js";

export interface CalibrateStepsInput {
  readonly model: ModelFiles;
  readonly plan: GridPlan;
  readonly threads: number;
  readonly nowNs: () => number;
  /** When measuring has to end, on that clock; Infinity without a budget. */
  readonly endNs: number;
  /** CSV that measurements are added to; absent: none are kept. `isNew`: what it holds is of no use. */
  readonly raw?: { readonly path: string; readonly isNew: boolean } | undefined;
  readonly onProgress: (done: number, total: number, label: string) => void;
  readonly signal?: AbortSignal | undefined;
}

export interface CalibratedSteps {
  /** Absent where steps could not be measured; `warnings` say why. */
  readonly steps?: StepCosts;
  readonly measurements: readonly StepMeasurement[];
  readonly warnings: readonly string[];
}

/** Rounds for each repeat of the plan: a step is short beside a batch, and varies more. */
const ROUNDS_PER_REPEAT = 3;
const CHECK_LOOPS = 2;
const CHECK_REQUESTS = 24;

export async function calibrateSteps(input: CalibrateStepsInput): Promise<CalibratedSteps> {
  const { model, plan, threads, nowNs, endNs, raw, onProgress, signal } = input;
  if (!plan.promptTokens.some((tokens) => tokens > 1)) return unmeasured("all prompts have one token");
  const grid = stepGrid(plan, model.shape.positions);
  const maxNumSeqs = grid.reduce((most, spec) => Math.max(most, requestsOf(spec)), 0);
  const maxModelLen = grid.reduce((most, spec) => Math.max(most, longestRequest(spec)), 0);
  const { device, sampling } = plan;
  const executor = await startOrReason({ model, device, threads, maxNumSeqs, maxModelLen, sampling });
  if (typeof executor === "string") return unmeasured(executor);
  try {
    const leftNs = (): number => endNs - nowNs();
    if (leftNs() <= 0) return unmeasured("the budget ended before");
    const keep = (measurement: StepMeasurement): void => {
      if (raw !== undefined) stepRows.append(raw.path, measurement);
    };
    const reference = referenceSpec(plan);
    const { stepNs: coldNs } = await runStep(executor, reference);
    await fillSlots(executor, maxNumSeqs, maxModelLen);
    for (const spec of grid) {
      signal?.throwIfAborted();
      await runStep(executor, spec);
    }
    const { seed } = plan;
    const loop = { bench: executor, ...loopPlan(model, maxNumSeqs, maxModelLen), signal };
    const rounds = await measureRounds({
      ...{ bench: executor, grid, reference, seed, keep, leftNs, onProgress, signal },
      loop: (block, order) => measureLoop({ ...loop, ...closedLoop(plan, seed, block), kind: "loop", block, order }),
      rounds: ROUNDS_PER_REPEAT * plan.repeats,
      earlier: raw === undefined ? [] : await resumeSteps(raw.path, raw.isNew),
    });
    const checks = await measureChecks(loop, rounds, {
      prompt: reference.chunkTokens,
      output: Math.max(2, plan.decodeSteps.at(-1)!),
    });
    checks.forEach(keep);
    const built = await buildSteps({
      ...{ rounds, checks, coldNs, reference, settings: defaultStepSettings, seed },
      groupsPerRun: model.stepPaths.length,
      longest: { prompt: plan.promptTokens.at(-1)!, context: plan.promptTokens.at(-1)! + plan.decodeSteps.at(-1)! },
    });
    return { ...built, measurements: [...rounds.all, ...checks] };
  } finally {
    await executor.close();
  }
}

/** The same open loop several times, after the rounds. */
async function measureChecks(
  loop: Pick<StepLoopInput, "bench" | "plan" | "machine" | "signal">,
  { all, chosen, rounds }: StepRounds,
  tokens: Parameters<typeof openLoop>[2],
): Promise<StepMeasurement[]> {
  const usualNs = median(chosen.filter(({ kind }) => kind === "reference").map(({ stepNs }) => stepNs));
  const load = openLoop(CHECK_REQUESTS, Math.round(2 * usualNs), tokens);
  let made: StepMeasurement[] = [];
  for (let check = 0; check < CHECK_LOOPS; check++) {
    const at = { kind: "check", block: rounds + check, order: all.length + made.length } as const;
    made = [...made, ...(await measureLoop({ ...loop, ...load, ...at }))];
  }
  return made;
}

/** Why there is none, for a model that the step graph or its kernel does not take. */
async function startOrReason(options: Parameters<typeof startStepExecutor>[0]) {
  try {
    return await startStepExecutor(options);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}

function unmeasured(why: string): CalibratedSteps {
  const warnings = [
    `steps of continuous batching were not measured: ${why}. Policies that run steps are simulated at the costs of whole ` +
      "batches, and not run for real",
  ];
  return { measurements: [], warnings };
}

function loopPlan(
  { kvBytesPerToken, shape: { positions } }: ModelFiles,
  maxNumSeqs: number,
  maxModelLen: number,
): { readonly plan: StepPlan; readonly machine: Machine } {
  const blocks = maxNumSeqs * Math.ceil(maxModelLen / 16) + 1;
  const given = {
    ...defaultStepSettings,
    max_num_seqs: maxNumSeqs,
    max_model_len: maxModelLen,
    num_gpu_blocks: blocks,
  };
  const plan = planPolicy("vllm", given, { source: "calibration" });
  if (plan.work !== "step") throw new ConfigError("policy vllm runs no steps");
  return { plan, machine: { totalBytes: 2 ** 40, baseBytes: 0, kvBytesPerToken, positions } };
}
