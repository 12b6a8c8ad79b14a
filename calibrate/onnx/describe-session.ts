/** What a reader should know of how a calibration went: others' work, drift, uncertain medians, what was left out. */
import { percent } from "../../formats/index.js";
import { WORTH_TELLING_CORES } from "../../machine/index.js";
import { shapeName, toCells } from "../fit/index.js";
import {
  COLD_SAMPLES,
  type MeasuredPlan,
  DISTURBED_FRACTION,
  reportDrift,
  type DriftReport,
  NARROW_FRACTION,
  wallHalfWidth,
  type CalibrationSession,
} from "./measure/index.js";

/** Warnings in order of weight; none when all went well. */
export function describeSession(session: CalibrationSession, made: MeasuredPlan): string[] {
  const report = reportDrift(session.measurements);
  const cells = toCells(session.chosen);
  const wide = cells.filter((cell) => wallHalfWidth(cell) > NARROW_FRACTION);
  const colds = session.measurements.filter(({ kind }) => kind === "cold").length;
  return [
    ...(report === undefined ? [] : describeDrift(report)),
    ...(made.tooLarge.length > 0
      ? [
          `${made.tooLarge.length} shapes were left out, the smallest ${shapeName(made.tooLarge[0]!)}: they need more ` +
            `memory than there is`,
        ]
      : []),
    ...(made.ranOutOfTime || made.measured < made.allowed
      ? [`the budget was enough for ${made.measured} of ${made.allowed} shapes, not all repeated as often as planned`]
      : []),
    ...(wide.length > 0
      ? [
          `the median of ${wide.length} of ${cells.length} shapes is uncertain by more than ±${percent(NARROW_FRACTION)} ` +
            `after all repeats`,
        ]
      : []),
    ...(colds < COLD_SAMPLES ? [`the cold start was measured ${colds === 1 ? "once" : `${colds} times`} only`] : []),
  ];
}

/** A warning when others used much of the machine's cores, else nothing. */
export function describeLoad(usedCores: number, cores: number): string[] {
  if (usedCores < WORTH_TELLING_CORES) return [];
  return [
    `other processes kept ${usedCores.toFixed(1)} of ${cores} cores busy while measuring, so times are less certain and ` +
      `may be too long; calibrate again when nothing else runs`,
  ];
}

function describeDrift({
  range,
  blocks,
  disturbedBlocks,
  remade,
  leftDisturbed,
  otherCores = 0,
}: DriftReport): string[] {
  if (disturbedBlocks === 0) return [];
  const cause =
    otherCores >= WORTH_TELLING_CORES
      ? `other processes used ${otherCores.toFixed(1)} cores at the same time`
      : "no other process was at work at the time, so the machine itself changed (heat, clock rate, other virtual machines)";
  return [
    `a reference batch repeated through the run took ${signed(range[0])} to ${signed(range[1])} of its usual time; ` +
      `${disturbedBlocks} of ${blocks} blocks were disturbed (beyond ±${percent(DISTURBED_FRACTION)}): ${cause}; ` +
      `${remade} batches were measured again, ${leftDisturbed} that are used stayed disturbed`,
  ];
}

function signed(fraction: number): string {
  return `${fraction < 0 ? "-" : "+"}${percent(Math.abs(fraction))}`;
}
