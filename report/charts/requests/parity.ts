/**
 * Two charts of simulated against real values. Parity asks about each request, joined by scheduler, load and sequence number
 * (means over the repeats); qq asks about the run: on the diagonal both have the same distribution, whatever request is which.
 */
import { quantile } from "../../../sim/metrics/index.js";
import { agreementChart } from "./agreement.js";
import type { ChartData } from "./chart-data.js";
import { latency, tpot, ttft, type Measure } from "./measures.js";
import { pairsOf, twins, type PairedCell } from "./pairs.js";

export const parity = agreementChart({
  name: "parity",
  heading: "Simulated against real, request by request",
  measures: [ttft, latency],
  pairs: (data, { values }) => pairsOf(data, values),
  none: "no simulated request has a real one with the same scheduler, load and sequence number",
  what: "requests",
  pointText: (seq) => `request ${seq}`,
  note: "Each request: mean over its repeats.",
});

export const qq = agreementChart({
  name: "qq",
  heading: "Simulated against real, quantile by quantile",
  measures: [ttft, tpot, latency],
  pairs: quantilePairs,
  none: "no simulated cell has a real one with the same scheduler and load",
  what: "quantiles",
  pointText: (percent) => `P${Number(percent.toPrecision(4))}`,
  note: "Repeats are pooled.",
});

const mostQuantiles = 25;

/** `seq` are percentiles. */
function quantilePairs(data: ChartData, { values }: Measure): PairedCell[] {
  return twins(data).flatMap(({ real, sim }): PairedCell[] => {
    const [ofReal, ofSim] = [real.pooled.ascending(values), sim.pooled.ascending(values)];
    const count = Math.min(mostQuantiles, ofReal.length, ofSim.length);
    if (count === 0) return [];
    const shares = Float64Array.from({ length: count }, (_, at) => (at + 0.5) / count);
    return [
      {
        cell: real,
        seq: shares.map((share) => 100 * share),
        real: shares.map((share) => quantile(ofReal, share)),
        sim: shares.map((share) => quantile(ofSim, share)),
      },
    ];
  });
}
