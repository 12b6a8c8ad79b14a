/**
 * How sure the fit of an engine is: fits to resampled stretches of the step logs, their intervals, and the draws that a profile keeps
 * of them. Stretches, not steps, since neighbouring steps resemble each other. What shows of the two clocks is read once, with the
 * fitted model.
 */
import type { CostDraws, VllmEngineCost } from "../../../formats/index.js";
import { mean, quantileOf, stream } from "../../../sim/index.js";
import type { Reading } from "./read-timeline.js";

export type Intervals = Readonly<Record<string, readonly [number, number]>>;

const SAMPLES = 40;
const STRETCH_STEPS = 50;

/** What `fit` makes of resampled readings, sample by sample. */
export function resampledFits(
  readings: readonly (readonly Reading[])[],
  fit: (resampled: readonly (readonly Reading[])[]) => Readonly<Record<string, number>>,
): Readonly<Record<string, number>>[] {
  const random = stream("fit/engine-intervals");
  const resample = (run: readonly Reading[]): Reading[] => {
    const stretches = Math.max(1, Math.ceil(run.length / STRETCH_STEPS));
    return Array.from({ length: stretches }, () => {
      const first = Math.floor(random() * stretches) * STRETCH_STEPS;
      return run.slice(first, first + STRETCH_STEPS);
    }).flat();
  };
  return Array.from({ length: SAMPLES }, () => fit(readings.map(resample)));
}

/** 95 % intervals of each. */
export function intervalsOf(fits: readonly Readonly<Record<string, number>>[]): Intervals {
  return Object.fromEntries(
    Object.keys(fits[0]!).map((name) => {
      const values = fits.map((one) => one[name]!);
      return [name, [quantileOf(values, 0.025), quantileOf(values, 0.975)] as const];
    }),
  );
}

/**
 * Each draw of the engine with one of the front end: the two are fitted apart. Undefined where nothing was resampled.
 */
export function costDrawsOf(
  draws: readonly Readonly<Record<string, number>>[],
  { host }: VllmEngineCost,
  frontEnd: readonly Readonly<Record<string, number>>[] = [],
): CostDraws | undefined {
  if (draws.length === 0) return undefined;
  const centre = (call: "schedule" | "update"): number => mean(draws.map((draw) => Math.log(draw[call]!)));
  const centres = { schedule: centre("schedule"), update: centre("update") };
  const rows = draws.map(({ schedule, update, ...places }, at) => ({
    ...places,
    ...scaled("schedule", host.schedule, Math.exp(Math.log(schedule!) - centres.schedule)),
    ...scaled("update", host.update, Math.exp(Math.log(update!) - centres.update)),
    ...frontEnd[at % Math.max(1, frontEnd.length)],
  }));
  const names = Object.keys(rows[0]!);
  const values = rows.map((row: Readonly<Record<string, number>>) =>
    names.map((name) => Number(row[name]!.toPrecision(5))),
  );
  return { names, values };
}

/** A call's costs moved as a whole. */
function scaled(
  call: "schedule" | "update",
  cost: VllmEngineCost["host"]["schedule"],
  by: number,
): Record<string, number> {
  const first = cost.first_requests?.request_ns;
  const prefill = cost.prefill_request_ns;
  return {
    [`host.${call}.base_ns`]: by * cost.base_ns,
    [`host.${call}.request_ns`]: by * cost.request_ns,
    ...(first === undefined ? {} : { [`host.${call}.first_requests.request_ns`]: by * first }),
    ...(prefill === undefined ? {} : { [`host.${call}.prefill_request_ns`]: by * prefill }),
  };
}
