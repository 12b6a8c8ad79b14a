/** Recorded runs that were kept out of a server's calibration, simulated and measured, as the scene of fit-panels.ts. */
import { policyLooks, type Axis } from "../drawing/index.js";
import { closeness, type FitKind, type FitPoint, type FitScene } from "./fit-panels.js";

/** A statistic of one run, such as `mean` of `ttft`, in nanoseconds. */
export interface HeldOutStatistic {
  readonly recording: string;
  readonly statistic: string;
  readonly metric: string;
  readonly realNs: number;
  readonly simNs: number;
}

/** Colours and markers of the palette; no policies here. */
const palette = [...policyLooks(["naive", "dynamic", "vllm", "x", "y"]).values()];

/** Statistics stand side by side in the order in which they are given, the metrics beside each other within each. */
export function runFit(points: readonly HeldOutStatistic[]): { readonly scene: FitScene; readonly words: string[] } {
  const metrics = [...new Set(points.map(({ metric }) => metric))];
  const statistics = [...new Set(points.map(({ statistic }) => statistic))];
  const kinds = metrics.map((name, at): FitKind => ({ name, look: palette[at % palette.length]!, isHollow: false }));
  const all = points.map(({ recording, statistic, metric, realNs, simNs }): FitPoint => ({
    kind: metric,
    measuredNs: realNs,
    modelledNs: simNs,
    by: statistics.indexOf(statistic) + (metrics.indexOf(metric) + 1) / (metrics.length + 1),
    text: `${statistic} ${metric} of ${recording}`,
  }));
  const scene = {
    points: all,
    kinds,
    made: "simulated",
    by: { heading: "Error by statistic", axis: placesOf(statistics) },
  };
  return { scene, words: metrics.map((metric) => closeness(metric, all.filter(({ kind }) => kind === metric))) }; // prettier-ignore
}

/** A place of width 1 for each name. */
function placesOf(names: readonly string[]): Axis {
  return {
    label: "statistic",
    ticks: names.map((_, at) => at + 0.5),
    tickText: (value) => names[Math.floor(value)]!,
    fraction: (value) => value / names.length,
    exact: (value) => names[Math.min(Math.floor(value), names.length - 1)]!,
  };
}
