import type { DetailedFigures } from "../sim/run-case.js";
import { simulatedTable, speedTable, type Comparison } from "./comparison-table.js";
import type { PeerReport } from "./peer-run.js";

const PEER: PeerReport = {
  call_s: 0,
  clock_s: 0,
  peak_rss_mib: 300,
  completed: 1000,
  input_tokens: 5000,
  output_tokens: 7000,
  makespan_s: 100,
  mean_ttft_ms: 30,
  mean_tpot_ms: 8,
  mean_e2el_ms: 1500,
};

const OURS: DetailedFigures = {
  case: "poisson",
  mode: "bare",
  requests: 1000,
  outputTokens: 7000,
  seconds: 0,
  requestsPerS: 0,
  steps: 1,
  peakRssMib: 200,
  engine: "fast",
  note: "",
  completed: 1000,
  inputTokens: 5000,
  scheduledSteps: 1,
  jumpedSteps: 0,
  runSteps: 0,
  preemptions: 0,
  makespanS: 100,
  meanTtftMs: null,
  meanTpotMs: 8,
  meanE2elMs: null,
};

const comparison: Comparison = {
  name: "poisson",
  peer: [3, 100, 4].map((call_s) => ({ ...PEER, call_s, clock_s: call_s - 1 })),
  ours: [2, 1, 0.5].map((seconds) => ({ ...OURS, seconds })),
};

function cells(table: string, line: number): string[] {
  return table
    .split("\n")
    .at(line)!
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());
}

test("the ratio is of medians, so one disturbed round does not count", () => {
  const row = ["poisson", "4.00", "3.00", "1.00", "4.00x", "3.00x", "300", "200"];
  expect(cells(speedTable([comparison]), -1)).toEqual(row);
});

test("requests in flight follow from rate and time, and are left open where a time is unknown", () => {
  const table = simulatedTable([comparison]);
  expect(cells(table, -2)).toEqual([
    ...["poisson, peer", "1000", "5000", "7000"],
    ...["100.0", "30.0", "8.0", "1500.0", "15.0"],
  ]);
  expect(cells(table, -1).slice(-5)).toEqual(["100.0", "-", "8.0", "-", "-"]);
});
