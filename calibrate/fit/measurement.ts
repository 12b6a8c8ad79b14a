/**
 * What calibration measures: one batch, run once. Repeats of one shape form a cell, and a cell is what the fit sees.
 * Times are whole-batch nanoseconds of the executor's own clock, memory is bytes.
 */
import { ArtifactError, greatest, least } from "../../formats/index.js";
import { median } from "../../sim/metrics/index.js";
import { grouped } from "./numerics/index.js";

/** Shape of a batch: rows, prompt tokens of each (left-padded), decode steps after the first token. */
export interface BatchShape {
  readonly batchSize: number;
  readonly promptTokens: number;
  readonly decodeSteps: number;
}

/**
 * grid: repeats the fit uses; memory: the ascending memory pass; cold: the first batch of a fresh executor; reference: one
 * shape repeated through the session, which no fit uses, to see the machine drift.
 */
export const measurementKinds = ["grid", "memory", "cold", "reference"] as const;
export type MeasurementKind = (typeof measurementKinds)[number];

/** One batch, run once. `wallNs` is seen by the caller; `dispatchNs` is wallNs less the executor's own time. */
export interface Measurement extends BatchShape {
  readonly kind: MeasurementKind;
  /** Repeat of this shape, from 0. */
  readonly rep: number;
  /** Position in the order of measuring, from 0. */
  readonly order: number;
  readonly prefillNs: number;
  readonly decodeNs: number;
  readonly wallNs: number;
  readonly dispatchNs: number;
  readonly peakRssBytes: number;
  /** Stretch of the session that it belongs to; a reference stands before its block. */
  readonly block?: number;
  /** Cores that other processes used since the reference before; of references alone. */
  readonly otherCores?: number;
  /** Only `wallNs` was seen; prefill and decode are differences between shapes, so the fit takes them for no measurement. */
  readonly wallOnly?: boolean;
}

/**
 * The repeats of one shape, and the median of each time. The median, because real runs meet the ordinary state of the machine
 * and not its best: on a busy machine the fastest repeats lie up to 40 % below what batches usually take.
 */
export interface Cell extends BatchShape {
  readonly repeats: readonly Measurement[];
  readonly prefillNs: number;
  readonly decodeNs: number;
  readonly wallNs: number;
}

/** Name of a shape, the same everywhere (held-out rule, progress, warnings): `b4 p16 n8`. */
export function shapeName(shape: BatchShape): string {
  return `b${shape.batchSize} p${shape.promptTokens} n${shape.decodeSteps}`;
}

/**
 * Name of a prompt block, `b4 p16`: shapes that differ in decode steps alone share their prefill, so cross-validation, the
 * bootstrap and the held-out rule take or leave them together.
 */
export function blockName(shape: BatchShape): string {
  return `b${shape.batchSize} p${shape.promptTokens}`;
}

/** Smallest and largest of some levels. */
export function span(levels: readonly number[]): [number, number] {
  return [least(levels), greatest(levels)];
}

/** Groups the `grid` measurements by shape, in order of first sight; a prefill's median is its block's. Rejects what is not a duration. */
export function toCells(measurements: readonly Measurement[]): Cell[] {
  const grid = measurements.filter(({ kind }) => kind === "grid");
  grid.forEach(checkMeasurement);
  const blocks = grouped(grid, blockName);
  return [...grouped(grid, shapeName).values()].map((repeats) => {
    const { batchSize, promptTokens, decodeSteps } = repeats[0]!;
    return {
      batchSize,
      promptTokens,
      decodeSteps,
      repeats,
      prefillNs: median(blocks.get(blockName(repeats[0]!))!.map((m) => m.prefillNs)),
      decodeNs: median(repeats.map((m) => m.decodeNs)),
      wallNs: median(repeats.map((m) => m.wallNs)),
    };
  });
}

/** ArtifactError when a measurement holds a time that cannot be: NaN, negative, a prefill of nothing. */
export function checkMeasurement(measurement: Measurement): void {
  const fail = (field: string, value: number, expected: string): never => {
    throw new ArtifactError(
      `measurement ${shapeName(measurement)} rep ${measurement.rep}: ${field} is ${value}, expected ${expected}; ` +
        `take it out of the raw file, or calibrate again`,
    );
  };
  const { batchSize, promptTokens, decodeSteps, prefillNs, decodeNs, wallNs, dispatchNs } = measurement;
  for (const [field, value] of Object.entries({ batchSize, promptTokens })) {
    if (!Number.isInteger(value) || value < 1) fail(field, value, "a positive integer");
  }
  if (!Number.isInteger(decodeSteps) || decodeSteps < 0) fail("decodeSteps", decodeSteps, "an integer from 0");
  for (const [field, value] of Object.entries({ prefillNs, wallNs })) {
    if (!Number.isFinite(value) || value <= 0) fail(field, value, "a positive duration in ns");
  }
  if (!Number.isFinite(decodeNs) || decodeNs < 0 || (decodeSteps > 0 && decodeNs === 0)) {
    fail("decodeNs", decodeNs, `a duration in ns of ${decodeSteps} decode steps`);
  }
  if (!Number.isFinite(dispatchNs)) fail("dispatchNs", dispatchNs, "a finite duration in ns");
}
