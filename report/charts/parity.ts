/** Simulated against real, request by request, joined by scheduler, load and sequence number (means over the repeats). */
import { agreementChart } from "./agreement.js";
import { latency, ttft } from "./measures.js";
import { pairsOf } from "./parity-pairs.js";

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
