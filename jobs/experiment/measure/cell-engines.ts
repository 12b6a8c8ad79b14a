/**
 * What the cells of an experiment run on: the model, loaded once for the policies that run whole batches and once for those that run
 * steps, each with its own way to measure the pace of the machine. Only what some cell needs is loaded.
 */
import {
  defaultCacheDir,
  ensureModel,
  samplingSettings,
  type ModelFiles,
  type SamplingSettings,
} from "../../../onnx/index.js";
import {
  defined,
  greatest,
  InvariantError,
  type CalibrationPlan,
  type Profile,
  type Run,
} from "../../../formats/index.js";
import { benchOnnx, benchSteps, realStepPlan, type RealRunInput } from "../../../real/index.js";
import { machineOf, type PolicyPlan, type StepPlan } from "../../../sim/index.js";
import { startBatches, startSteps } from "../../inputs/index.js";
import { paceOf, stepPaceOf, type MeasurePace } from "../pace.js";

type CellRun = Omit<RealRunInput, "hardware" | "sampling">;

/** Runs the cells of all plans that have the same kind of work. */
interface WorkEngine {
  readonly measurePace: MeasurePace | undefined;
  readonly measure: (plan: PolicyPlan, run: CellRun) => Promise<Run>;
  close(): Promise<void>;
}

export interface CellEngines {
  /** What cells of that work run on. */
  of(work: PolicyPlan["work"]): Omit<WorkEngine, "close">;
  close(): Promise<void>;
}

interface EngineInput {
  readonly profile: Profile;
  readonly model: ModelFiles;
  readonly sampling: SamplingSettings | undefined;
}

/** ConfigError where a cell's settings or its memory cannot be had here. */
export async function startCellEngines(
  cells: readonly { readonly cell: { readonly plan: PolicyPlan } }[],
  { profile, calibrate }: { readonly profile: Profile; readonly calibrate?: CalibrationPlan | undefined },
  device: "cpu" | "cuda",
): Promise<CellEngines> {
  const model = await ensureModel(profile.model.name, {
    cacheDir: defaultCacheDir(),
    ...defined({ weightsPath: calibrate?.weights }),
  });
  const input = { profile, model, sampling: samplingSettings(calibrate ?? {}) };
  const plans = cells.map(({ cell }) => cell.plan);
  const stepPlans = plans.filter((plan) => plan.work === "step");
  const batches = plans.length > stepPlans.length ? await batchEngine(input, device) : undefined;
  try {
    const steps = stepPlans.length > 0 ? await stepEngine(stepPlans, input, device) : undefined;
    return {
      of(work) {
        const engine = work === "step" ? steps : batches;
        if (engine === undefined)
          throw new InvariantError(`nothing was loaded for policies that run a ${work} at a time`);
        return engine;
      },
      close: async () => {
        await batches?.close();
        await steps?.close();
      },
    };
  } catch (error) {
    await batches?.close();
    throw error;
  }
}

async function batchEngine({ profile, model, sampling }: EngineInput, device: "cpu" | "cuda"): Promise<WorkEngine> {
  const { executor, memory, close } = await startBatches({ model, device, sampling });
  const { total_bytes: totalBytes, base_bytes: baseBytes } = profile.memory;
  const { takePeakBytes } = memory;
  const common = { executor, sampling, takePeakBytes, totalBytes, baseBytes, hardware: { ...profile.machine } };
  return {
    measurePace: paceOf(profile, executor, sampling),
    measure: (plan, run) => benchOnnx({ ...common, ...run, plan: plan }),
    close,
  };
}

/** Policies are made for the profile's machine, as in simulations. They share the slots: the most and the longest that one of them needs. */
async function stepEngine(
  plans: readonly StepPlan[],
  { profile, model, sampling }: EngineInput,
  device: "cpu" | "cuda",
): Promise<WorkEngine> {
  const { steps } = profile;
  if (steps === undefined) throw new InvariantError(`profile "${profile.name}" has no costs of steps`);
  const machine = machineOf(profile);
  const limits = plans.map((plan) => realStepPlan(plan).create(machine).limits);
  const maxNumSeqs = greatest([steps.reference.decodes + 1, ...limits.map((limit) => limit.maxNumSeqs)]);
  const maxModelLen = greatest(limits.map((limit) => limit.maxModelLen));
  const started = await startSteps({ model, device, sampling, limits: { maxNumSeqs, maxModelLen } });
  const { executor, takePeakBytes, close } = started;
  try {
    const common = { executor, model, sampling, hardware: { ...profile.machine }, ...defined({ takePeakBytes }) };
    return {
      measurePace: await stepPaceOf(steps, executor),
      measure: (plan, run) => benchSteps({ ...common, ...run, machine, plan: realStepPlan(plan as StepPlan) }),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
