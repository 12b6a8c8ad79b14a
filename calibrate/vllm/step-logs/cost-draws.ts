/** Draws of an engine's costs as a profile keeps them: each fit to resampled logs, by place in the cost. */
import type { CostDraws, VllmEngineCost } from "../../../formats/index.js";
import type { EngineFit } from "./fit-engine.js";
import { mean } from "../../../sim/index.js";

/**
 * Each draw of the engine with one of the front end: the two are fitted apart. Undefined where nothing was resampled. Digits:
 * more would say more than is known.
 */
export function costDrawsOf(
  { draws }: EngineFit,
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
