/** The profile that an experiment simulates with: the file it names, or a calibration of this machine. */
import { existsSync } from "node:fs";
import { calibrateOnnx, planPathOf, rawPathOf, removeRaw, writeCalibration } from "../../calibrate/onnx/index.js";
import { ConfigError, type Experiment, type Profile } from "../../formats/index.js";
import { readProfile } from "../../formats/files/index.js";
import type { ExperimentFolder } from "./folder.js";
import { fingerprint, waitUntilQuiet, type QuietOptions, type Reporter } from "../inputs/index.js";

export interface ProfileOptions {
  readonly force: boolean;
  readonly signal: AbortSignal;
  readonly quiet?: QuietOptions | undefined;
  readonly reporter: Reporter;
}

/**
 * `named` is the profile that the experiment names, read. An existing calibration of the same plan is kept; an
 * interrupted one is resumed.
 */
export async function loadOrCalibrate(
  experiment: Experiment,
  named: Profile | undefined,
  folder: ExperimentFolder,
  options: ProfileOptions,
): Promise<Profile> {
  const profile = named ?? (await calibrated(experiment, folder, options));
  if (experiment.total_memory_mib === undefined) return profile;
  return { ...profile, memory: { ...profile.memory, total_bytes: experiment.total_memory_mib * 2 ** 20 } };
}

async function calibrated(
  experiment: Experiment,
  folder: ExperimentFolder,
  { force, signal, reporter, quiet }: ProfileOptions,
): Promise<Profile> {
  const plan = experiment.calibrate;
  if (plan === undefined) throw new ConfigError("the experiment has neither profile nor calibrate");
  const planPrint = fingerprint({ plan, seed: experiment.seed });
  if (existsSync(folder.profile) && !force) {
    const profile = readProfile(folder.profile);
    if (profile.plan_sha256 === planPrint) {
      reporter.note(`calibration: kept ${folder.profile}`);
      return profile;
    }
    throw new ConfigError(
      `${folder.profile} was calibrated with another plan; pass --force to calibrate again, or give the experiment another name`,
    );
  }
  const rawPath = rawPathOf(folder.profile);
  if (force) removeRaw(rawPath);
  const resume = existsSync(planPathOf(rawPath));
  await waitUntilQuiet({ waitS: quiet?.waitS ?? 0, signal, reporter });
  const bar = reporter.progress(`calibrating ${plan.model} on ${plan.device}`);
  try {
    const calibration = await calibrateOnnx(plan, {
      seed: experiment.seed,
      rawPath,
      resume,
      signal,
      onProgress: ({ done, total, label }) => {
        bar.update(done, total, label);
      },
    });
    const profile: Profile = { ...calibration.profile, plan_sha256: planPrint };
    await writeCalibration({ ...calibration, profile }, folder.profile);
    const { rejection, warnings } = calibration;
    if (rejection.length > 0)
      reporter.warn(`do not trust this calibration, "servesim calibrate" would reject it: ${rejection.join("; ")}`);
    for (const warning of warnings.filter((warning) => !rejection.includes(warning))) reporter.warn(warning);
    return readProfile(folder.profile);
  } finally {
    bar.stop();
  }
}
