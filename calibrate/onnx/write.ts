/** Writes a calibration: profile.json, and its raw measurements, of batches and of steps, with their plan beside it. */
import { basename } from "node:path";
import { writeProfile } from "../../formats/files/index.js";
import type { Calibration } from "./calibrate.js";
import { stepRawPathOf, stepRows, writeRaw, writeRawContext } from "./raw/index.js";

/** Where the raw measurements of a profile lie: `mini.json` has `mini.measurements.csv` beside it. */
export function rawPathOf(profilePath: string): string {
  return `${profilePath.replace(/\.json$/, "")}.measurements.csv`;
}

/** Writes measurements and plan, each whole or not at all: what is kept of a calibration whose profile is rejected. */
export async function writeMeasurements(calibration: Calibration, profilePath: string): Promise<void> {
  const rawPath = rawPathOf(profilePath);
  writeRawContext(rawPath, calibration.context);
  await writeRaw(rawPath, calibration.measurements);
  if (calibration.stepMeasurements.length > 0) {
    await stepRows.write(stepRawPathOf(rawPath), calibration.stepMeasurements);
  }
}

/** Writes measurements, plan and profile; the profile comes last and names the raw file. */
export async function writeCalibration(calibration: Calibration, profilePath: string): Promise<void> {
  await writeMeasurements(calibration, profilePath);
  const { profile } = calibration;
  const raw = basename(rawPathOf(profilePath));
  const steps = profile.steps === undefined ? {} : { steps: { ...profile.steps, raw: stepRawPathOf(raw) } };
  writeProfile(profilePath, { ...profile, raw, ...steps });
}
