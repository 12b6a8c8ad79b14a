/**
 * Memory of a process that runs batches: base bytes (weights and runtime), and non-negative terms on top. An allocator's
 * arena keeps what it once took, so a peak belongs to the largest batch up to then. ONNX Runtime's CUDA arena grows in
 * regions of up to 1 GiB (sim/cost/batches/batch-memory.ts): where peaks come in such steps, the need lies between two of them.
 */
import { greatest, type Profile } from "../../formats/index.js";
import { arenaBytes } from "../../sim/cost/index.js";
import { dot, loadLinearSolver, nnls, type LinearSolver } from "./numerics/index.js";
import type { BatchShape, Measurement } from "./measurement.js";
import { mean } from "../../sim/metrics/index.js";

type MemoryTerm = Profile["memory"]["terms"][number];

/**
 * What any first batch takes (weights paged in, first arena), what is kept, what is computed at once, what a row takes. Counted
 * as in sim/cost: kept are the prompt, the first token, and one token per decode step.
 */
const memoryBases: readonly (readonly [basis: MemoryTerm["basis"], quantity: (shape: BatchShape) => number])[] = [
  ["base", () => 1],
  ["kv_tokens", ({ batchSize, promptTokens, decodeSteps }) => batchSize * (promptTokens + 1 + decodeSteps)],
  ["tokens", ({ batchSize, promptTokens }) => batchSize * promptTokens],
  ["rows", ({ batchSize }) => batchSize],
];

/** Terms on top of the base, and what to know of them; errors are fractions of the whole peak. */
export interface MemoryFit {
  readonly terms: MemoryTerm[];
  /** Bytes before the terms: those given, or found from the steps of the arena. */
  readonly baseBytes: number;
  /** Largest region of the arena, where peaks come in steps. */
  readonly arenaRegionBytes?: number;
  readonly worstErrorFraction: number;
  /** The same over points held out of the fit, where there are any. */
  readonly heldOutErrorFraction?: number;
  readonly warnings: readonly string[];
}

const WORST_ERROR_FRACTION = 0.1;
const GIB = 2 ** 30;
const MIB = 2 ** 20;
/** An allocator's regions are exact; anything else on the device comes and goes by less than this. */
const STEP_TOLERANCE_BYTES = 8 * MIB;
const ROUNDS = 60;

/** A measured peak, and the quantities of its batch. */
interface Point {
  readonly bytes: number;
  readonly quantities: readonly number[];
  readonly heldOut: boolean;
}

/** Least and most that the batches up to a point may have needed on top of the base. */
type Need = readonly [number, number];

/**
 * Fits `memory` measurements, in the order of measuring. `baseBytes` is the memory before the first batch; undefined where
 * nobody looked. `isHeldOut`: peaks that are predicted and not fitted. No terms when no batch took more than the base.
 */
export async function fitMemory(
  measurements: readonly Measurement[],
  baseBytes?: number,
  { isHeldOut = () => false }: { readonly isHeldOut?: (shape: BatchShape) => boolean } = {},
): Promise<MemoryFit> {
  const solver = await loadLinearSolver();
  const points = measurements
    .filter((measurement) => measurement.kind === "memory")
    .sort((a, b) => a.order - b.order)
    .map((one): Point => ({
      bytes: one.peakRssBytes,
      quantities: memoryBases.map(([, quantity]) => quantity(one)),
      heldOut: isHeldOut(one),
    }));
  if (points.every(({ heldOut }) => heldOut)) {
    const warnings = ["memory: not measured, so batches are assumed to take none"];
    return { terms: [], baseBytes: baseBytes ?? 0, worstErrorFraction: 0, warnings };
  }
  const steps = neverShrinks(points) && growsInRegions(points) ? stepBases(points, baseBytes) : [];
  const asTermsSay = fitNeeds(solver, points, baseBytes ?? 0, exactly, (needed) => needed);
  const inRegions = steps.map((base) =>
    fitNeeds(solver, points, base, regionNeed, (needed) => arenaBytes(needed, GIB)),
  );
  const best = inRegions.reduce((a, b) => (b.meanError < a.meanError ? b : a), asTermsSay);
  const worst = greatest(best.errors.filter((_, i) => !points[i]!.heldOut));
  const unseen = best.errors.filter((_, i) => points[i]!.heldOut);
  return {
    terms: memoryBases.flatMap(([basis], i) => {
      const bytes = Math.round(best.coefficients[i]!);
      return bytes > 0 ? [{ basis, coefficient_bytes: bytes }] : [];
    }),
    baseBytes: best.baseBytes,
    ...(best === asTermsSay ? {} : { arenaRegionBytes: GIB }),
    worstErrorFraction: worst,
    ...(unseen.length > 0 ? { heldOutErrorFraction: greatest(unseen) } : {}),
    warnings:
      worst > WORST_ERROR_FRACTION
        ? [
            `memory: the model misses a measured peak by ${(100 * worst).toFixed(0)} %, so memory-aware decisions may differ`,
          ]
        : [],
  };
}

/** Whether each peak holds the ones before, as in one process whose arena gives nothing back; else each is a batch's own. */
function neverShrinks(points: readonly Point[]): boolean {
  let highest = 0;
  return points.every(({ bytes }) => {
    const holds = bytes > 0.99 * highest;
    highest = Math.max(highest, bytes);
    return holds;
  });
}

/** Whether the peaks grow, and by whole powers of two of at least 1 MiB. */
function growsInRegions(points: readonly Point[]): boolean {
  const growths = points.slice(1).flatMap(({ bytes }, i) => {
    const growth = bytes - points[i]!.bytes;
    return growth > STEP_TOLERANCE_BYTES ? [growth] : [];
  });
  const isRegions = (growth: number): boolean => {
    const region = growth >= GIB ? GIB : 2 ** Math.round(Math.log2(growth));
    return Math.abs(growth / region - Math.round(growth / region)) * region <= STEP_TOLERANCE_BYTES;
  };
  return growths.length >= 2 && growths.every(isRegions);
}

/** What may lie outside the arena: the first peak less each total that an arena can hold, or the base given. */
function stepBases([first]: readonly Point[], baseBytes: number | undefined): number[] {
  if (baseBytes !== undefined) return [baseBytes];
  const bases: number[] = [];
  for (let held = arenaBytes(1, GIB); held <= first!.bytes; held = arenaBytes(held + 1, GIB)) {
    bases.push(first!.bytes - held);
  }
  return bases;
}

function exactly(bytes: number): Need {
  return [bytes, bytes];
}

/** Above the arena one region smaller, at most what the arena holds. */
function regionNeed(bytes: number): Need {
  let [below, held] = [0, 0];
  while (held < bytes - STEP_TOLERANCE_BYTES) [below, held] = [held, arenaBytes(held + 1, GIB)];
  return [below, held];
}

/**
 * Alternates: given coefficients, each peak belongs to the neediest batch up to it, and that batch's need to where the
 * model has it inside its bounds; given needs, least squares. A batch under the peak of another says nothing of its own.
 * `held`: bytes on top of the base from the need of the neediest batch so far.
 */
function fitNeeds(
  solver: LinearSolver,
  points: readonly Point[],
  baseBytes: number,
  needOf: (bytes: number) => Need,
  held: (neededBytes: number) => number,
) {
  const needs = points.map(({ bytes }) => needOf(Math.max(0, bytes - baseBytes)));
  const fitted = points.map((_, i) => i).filter((i) => !points[i]!.heldOut);
  const targets = needs.map(([low, high]) => (low + high) / 2);
  const keeps = neverShrinks(points);
  let owners = points.map((_, i) => i);
  const passes = [];
  for (let round = 0; round < ROUNDS; round++) {
    // Relative to the peak, as the errors are.
    const weighted = fitted.map((i) => points[owners[i]!]!.quantities.map((value) => value / points[i]!.bytes));
    const wanted = fitted.map((i) => targets[i]! / points[i]!.bytes);
    const coefficients = nnls(weighted, wanted, solver);
    const need = points.map(({ quantities }) => dot(quantities, coefficients));
    if (keeps) owners = neediest(need);
    const errors = points.map(({ bytes }, i) => Math.abs(baseBytes + held(need[owners[i]!]!) - bytes) / bytes);
    const meanError = mean(fitted.map((i) => errors[i]!));
    passes.push({ baseBytes, coefficients, errors, meanError });
    points.forEach((_, i) => {
      const [low, high] = needs[i]!;
      const margin = (high - low) / 10;
      targets[i] = Math.min(Math.max(need[owners[i]!]!, low + margin), high - margin);
    });
  }
  return passes.reduce((best, pass) => (pass.meanError < best.meanError ? pass : best));
}

/** For each point the one with the largest need up to it. */
function neediest(needs: readonly number[]): number[] {
  let owner = 0;
  return needs.map((need, i) => {
    if (need > needs[owner]!) owner = i;
    return owner;
  });
}
