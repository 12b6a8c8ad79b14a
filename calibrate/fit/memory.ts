/**
 * Memory of a process that runs batches: base bytes (weights and runtime), and non-negative terms on top. Fitted to peaks
 * measured in ascending size, since an allocator's arena keeps what it once took. All in bytes.
 */
import type { Profile } from "../../formats/index.js";
import { loadLinearSolver, type LinearSolver } from "./linear-solver.js";
import type { BatchShape, Measurement } from "./measurement.js";
import { nnls } from "./nnls.js";

type MemoryTerm = Profile["memory"]["terms"][number];

/** What any first batch takes (weights paged in, first arena), what is kept, what is computed at once, what a row takes. */
const memoryBases = ["base", "kv_tokens", "tokens", "rows"] as const;

/** Terms on top of the base, and what to know of them; errors are fractions of the whole peak. */
export interface MemoryFit {
  readonly terms: MemoryTerm[];
  readonly worstErrorFraction: number;
  readonly warnings: readonly string[];
}

const WORST_ERROR_FRACTION = 0.1;

/** Fits `memory` measurements. No terms when no batch took more than the base. */
export async function fitMemory(measurements: readonly Measurement[], baseBytes: number): Promise<MemoryFit> {
  return fitMemoryWith(await loadLinearSolver(), measurements, baseBytes);
}

function fitMemoryWith(solver: LinearSolver, measurements: readonly Measurement[], baseBytes: number): MemoryFit {
  const points = measurements.filter((measurement) => measurement.kind === "memory");
  if (points.length === 0) {
    return { terms: [], worstErrorFraction: 0, warnings: ["memory: not measured, so a batch takes none"] };
  }
  const rows = points.map((point) => memoryBases.map((basis) => quantity(basis, point)));
  const extra = points.map((point) => Math.max(0, point.peakRssBytes - baseBytes));
  const coefficients = nnls(rows, extra, solver);
  const errors = points.map((point, i) => {
    const modelled = baseBytes + rows[i]!.reduce((sum, value, j) => sum + value * coefficients[j]!, 0);
    return Math.abs(modelled - point.peakRssBytes) / point.peakRssBytes;
  });
  const terms = memoryBases.flatMap((basis, i) =>
    coefficients[i]! > 0 ? [{ basis, coefficient_bytes: Math.round(coefficients[i]!) }] : [],
  );
  const worst = Math.max(...errors);
  const warnings =
    worst > WORST_ERROR_FRACTION
      ? [
          `memory: the model misses a measured peak by ${(100 * worst).toFixed(0)} %, so memory-aware decisions may differ`,
        ]
      : [];
  return { terms, worstErrorFraction: worst, warnings };
}

/** As sim/cost counts them: the prompt, the first token, and one per decode step. */
function quantity(basis: (typeof memoryBases)[number], { batchSize, promptTokens, decodeSteps }: BatchShape): number {
  switch (basis) {
    case "base":
      return 1;
    case "rows":
      return batchSize;
    case "tokens":
      return batchSize * promptTokens;
    case "kv_tokens":
      return batchSize * (promptTokens + 1 + decodeSteps);
  }
}
