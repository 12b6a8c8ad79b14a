/**
 * Watches the machine through one shape repeated between blocks of measurements: where it took unusually long or short,
 * something else was at work (a neighbour, heat, the clock), and the block beside it is measured again. Fractions of the
 * session's median; negative is faster.
 */
import { greatest, least } from "../../../formats/index.js";
import { median } from "../../../sim/metrics/index.js";
import { shapeName, type Measurement } from "../../fit/index.js";
import type { MeasureTask } from "./measure.js";
import { grouped } from "../../fit/numerics/index.js";

/** Batches between two references, and how often the reference is run each time. */
export const BLOCK_TASKS = 10;
export const REFERENCE_REPEATS = 3;

/** A block is disturbed when a reference beside it is further than this from the session's median. */
export const DISTURBED_FRACTION = 0.15;

/** A task is measured at most this often on account of disturbed blocks. */
const MAX_TRIES = 3;

/** What of a measurement, of a batch or of a step, tells of drift. */
type Watched = Pick<Measurement, "block" | "wallNs"> & { readonly kind: string };

/** How far the worse of its two references lies from the session's median, for each block that has one. */
export function blockDrifts(measurements: readonly Watched[]): ReadonlyMap<number, number> {
  const groups = referenceGroups(measurements);
  const usual = median(groups.values());
  const drifts = new Map<number, number>();
  for (const [border, wallNs] of groups) {
    const drift = wallNs / usual - 1;
    for (const block of [border - 1, border]) {
      if (block >= 0 && Math.abs(drift) >= Math.abs(drifts.get(block) ?? 0)) drifts.set(block, drift);
    }
  }
  return drifts;
}

/** Each task once: of the grid the repeat from the quietest block, of the rest the latest. In the order of measuring. */
export function chooseMeasurements(measurements: readonly Measurement[]): Measurement[] {
  const drifts = blockDrifts(measurements);
  const chosen = new Map<string, Measurement>();
  for (const measurement of measurements) {
    if (measurement.kind === "reference") continue;
    const name = taskName(measurement);
    const before = chosen.get(name);
    if (before === undefined || isAtLeastAsQuiet(measurement, before, drifts)) chosen.set(name, measurement);
  }
  return [...chosen.values()].sort((a, b) => a.order - b.order);
}

/** Grid tasks whose best repeat is from a disturbed block and that may be tried again, at most `most`, the worst first. */
export function disturbedTasks(measurements: readonly Measurement[], most: number): MeasureTask[] {
  const drifts = blockDrifts(measurements);
  const tries = new Map<string, number>();
  for (const measurement of measurements) {
    tries.set(taskName(measurement), (tries.get(taskName(measurement)) ?? 0) + 1);
  }
  return chooseMeasurements(measurements)
    .filter((measurement) => measurement.kind === "grid" && tries.get(taskName(measurement))! < MAX_TRIES)
    .map((measurement) => ({ measurement, drift: Math.abs(driftOf(measurement, drifts)) }))
    .filter(({ drift }) => drift > DISTURBED_FRACTION)
    .sort((a, b) => b.drift - a.drift)
    .slice(0, Math.max(0, most))
    .map(({ measurement: { batchSize, promptTokens, decodeSteps, rep } }) => ({
      kind: "grid" as const,
      shape: { batchSize, promptTokens, decodeSteps },
      rep,
    }));
}

/** What the references saw, for the profile and its notes. */
export interface DriftReport {
  readonly references: number;
  /** Their median, ns. */
  readonly usualNs: number;
  /** Shortest and longest reference against the median. */
  readonly range: readonly [number, number];
  readonly blocks: number;
  readonly disturbedBlocks: number;
  /** Measurements that took the place of disturbed ones. */
  readonly remade: number;
  /** Measurements used that are from disturbed blocks nonetheless. */
  readonly leftDisturbed: number;
  /** Cores that others used beside the disturbed blocks, on average; absent where none was disturbed. */
  readonly otherCores?: number;
}

/** Sums up the references; undefined when there were none. */
export function reportDrift(measurements: readonly Measurement[]): DriftReport | undefined {
  const groups = referenceGroups(measurements);
  if (groups.size === 0) return undefined;
  const usual = median(groups.values());
  const deviations = [...groups.values()].map((wallNs) => wallNs / usual - 1);
  const drifts = blockDrifts(measurements);
  const grid = measurements.filter(({ kind }) => kind === "grid");
  const chosen = chooseMeasurements(grid.concat(measurements.filter(({ kind }) => kind === "reference")));
  const isDisturbed = (measurement: Measurement): boolean =>
    Math.abs(driftOf(measurement, drifts)) > DISTURBED_FRACTION;
  const blocks = [...new Set(grid.flatMap(({ block }) => block ?? []))];
  const disturbed = blocks.filter((block) => Math.abs(drifts.get(block) ?? 0) > DISTURBED_FRACTION);
  const loads = measurements
    .filter(({ kind, block }) => kind === "reference" && block !== undefined && disturbed.includes(block - 1))
    .flatMap(({ otherCores }) => otherCores ?? []);
  return {
    references: groups.size,
    usualNs: usual,
    range: [round(least(deviations)), round(greatest(deviations))],
    blocks: blocks.length,
    disturbedBlocks: disturbed.length,
    remade: grid.length - chosen.length,
    leftDisturbed: chosen.filter(isDisturbed).length,
    ...(loads.length > 0 ? { otherCores: round(loads.reduce((sum, cores) => sum + cores, 0) / loads.length) } : {}),
  };
}

/** Median wall time of the reference before each block. */
function referenceGroups(measurements: readonly Watched[]): Map<number, number> {
  const references = measurements.filter(({ kind, block }) => kind === "reference" && block !== undefined);
  const groups = grouped(references, ({ block }) => block!);
  return new Map([...groups].map(([block, group]) => [block, median(group.map(({ wallNs }) => wallNs))]));
}

function isAtLeastAsQuiet(a: Measurement, b: Measurement, drifts: ReadonlyMap<number, number>): boolean {
  return a.kind !== "grid" || Math.abs(driftOf(a, drifts)) <= Math.abs(driftOf(b, drifts));
}

function driftOf({ block }: Measurement, drifts: ReadonlyMap<number, number>): number {
  return block === undefined ? 0 : (drifts.get(block) ?? 0);
}

function taskName(measurement: Measurement): string {
  return `${measurement.kind} ${shapeName(measurement)} ${measurement.rep}`;
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}
