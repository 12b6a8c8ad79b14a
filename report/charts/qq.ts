/**
 * Quantiles of the simulated latencies against those of the real ones, whatever request is which: on the diagonal both have the
 * same distribution. Where parity asks about each request, this asks about the run. Repeats are pooled.
 */
import { quantile } from "../../sim/metrics/index.js";
import type { Chart } from "./chart.js";
import type { ChartData } from "./chart-data.js";
import { latency, tpot, ttft, type Measure } from "./measures.js";
import { agreementChart } from "./agreement.js";
import type { PairedCell } from "./parity-pairs.js";

const mostQuantiles = 25;

export const qq: Chart = agreementChart({
  name: "qq",
  heading: "Simulated against real, quantile by quantile",
  measures: [ttft, tpot, latency],
  pairs: quantilePairs,
  none: "no simulated cell has a real one with the same scheduler and load",
  what: "quantiles",
  pointText: (percent) => `P${Number(percent.toPrecision(4))}`,
  note: "Repeats are pooled.",
});

/** `seq` are percentiles. */
function quantilePairs(data: ChartData, { values }: Measure): PairedCell[] {
  return data.cells.flatMap((real): PairedCell[] => {
    const sim = data.cells.find(
      ({ source, scheduler, load }) => source === "sim" && scheduler === real.scheduler && load === real.load,
    );
    if (real.source !== "real" || sim === undefined) return [];
    const [ofReal, ofSim] = [real.pooled.ascending(values), sim.pooled.ascending(values)];
    const count = Math.min(mostQuantiles, ofReal.length, ofSim.length);
    if (count === 0) return [];
    const shares = Float64Array.from({ length: count }, (_, at) => (at + 0.5) / count);
    return [
      {
        scheduler: real.scheduler,
        load: real.load,
        seq: shares.map((share) => 100 * share),
        real: shares.map((share) => quantile(ofReal, share)),
        sim: shares.map((share) => quantile(ofSim, share)),
      },
    ];
  });
}
