/**
 * How far calibration alone moves a simulation's answer: the same run on profiles that the measurements allow as well
 * (calibrate/fit/sample-profiles.ts), and the band that each statistic falls into.
 */
import { sampleProfiles } from "../calibrate/fit/index.js";
import { ConfigError, type Run } from "../formats/index.js";
import { quantile, simulateRun, type SimulatedRunInput } from "../sim/index.js";

export interface UncertaintyBands {
  readonly draws: number;
  /** Share of the draws inside a band. */
  readonly level: number;
  /** Low and high of each statistic of the summary, by its key; those that some draw has no value for are left out. */
  readonly bands: Readonly<Record<string, readonly [low: number, high: number]>>;
}

const LEVEL = 0.95;

/** ConfigError when the profile keeps no draws, or fewer than asked for. */
export function uncertaintyBands(input: SimulatedRunInput, draws: number): UncertaintyBands {
  const { profile, seed } = input;
  const kept = profile.uncertainty;
  const most = kept === undefined ? 0 : Math.max(kept.prefill.length, kept.decode_step.length);
  if (kept !== undefined && draws > most) {
    throw new ConfigError(`profile "${profile.name}" keeps ${most} draws of its coefficients, ${draws} were asked for`);
  }
  const values = new Map<string, number[]>();
  for (const sampled of sampleProfiles(profile, draws, seed)) {
    const { summary } = simulateRun({ ...input, profile: sampled }).info;
    for (const [key, value] of Object.entries(summary ?? {})) {
      if (typeof value === "number") values.set(key, [...(values.get(key) ?? []), value]);
    }
  }
  const whole = [...values].filter(([, all]) => all.length === draws);
  return { draws, level: LEVEL, bands: Object.fromEntries(whole.map(([key, all]) => [key, bandOf(all)])) };
}

/** The run with its bands in run.json. */
export function withBands(run: Run, uncertainty: UncertaintyBands): Run {
  return { ...run, info: { ...run.info, uncertainty } };
}

function bandOf(values: readonly number[]): readonly [number, number] {
  const sorted = Float64Array.from(values).sort();
  return [quantile(sorted, (1 - LEVEL) / 2), quantile(sorted, (1 + LEVEL) / 2)];
}
