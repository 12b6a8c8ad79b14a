/** A time axis of a window of a run, which need not begin at zero: times are those since the run's start, in ns. */
import { scaleLinear } from "d3";
import type { ValueAxis } from "./axes.js";
import { spanUnit, type Window } from "./run-scene.js";

export function windowAxis({ fromNs, toNs }: Window): ValueAxis {
  const unit = spanUnit(toNs);
  const perNs = Number(unit.exact(1e9)) / 1e9;
  const shown = scaleLinear([fromNs * perNs, toNs * perNs], [0, 1]);
  return {
    label: `time since the start of the run (${unit.name}${fromNs > 0 ? ", a part of it" : ""})`,
    ticks: shown.ticks(8).map((tick) => tick / perNs),
    tickText: (ns) => unit.text(ns, 5),
    fraction: (ns) => (ns - fromNs) / Math.max(toNs - fromNs, 1),
    exact: unit.exact,
  };
}
