/** What lies between the runtime's work on steps that follow at once, and where: from the record of a real run's steps. */
import type { ScheduledStepRecord } from "../../formats/index.js";
import { quantile } from "../../sim/index.js";

/** In the order of time. ns. */
const parts = {
  "slots and tensors arranged": (_, step) => step.computeEndNs! - step.computeStartNs! - step.runtimeNs!,
  "tokens taken and told": (before, step) => step.scheduleStartNs - before.computeEndNs!,
  "next step scheduled": (_, step) => step.scheduleEndNs - step.scheduleStartNs,
  "step handed over": (_, step) => step.computeStartNs! - step.scheduleEndNs,
  all: (before, step) => step.computeEndNs! - before.computeEndNs! - step.runtimeNs!,
} satisfies Record<string, (before: ScheduledStepRecord, step: ScheduledStepRecord) => number>;

type Part = keyof typeof parts;

export interface OverheadPart {
  readonly what: Part;
  /** µs. */
  readonly p50: number;
  readonly p95: number;
}

/** Of steps that go on with requests of the step before; one step in flight. */
export function overheadParts(steps: readonly ScheduledStepRecord[]): OverheadPart[] {
  const computed = steps.filter(({ computeStartNs }) => computeStartNs !== undefined);
  const pairs = computed
    .slice(1)
    .flatMap((step, at) => (step.contextTokens === 0 ? [] : [[computed[at]!, step] as const]));
  return (Object.keys(parts) as Part[]).map((what) => {
    const sorted = Float64Array.from(pairs, ([before, step]) => parts[what](before, step) / 1e3).sort();
    return { what, p50: quantile(sorted, 0.5), p95: quantile(sorted, 0.95) };
  });
}
