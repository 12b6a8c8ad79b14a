import type { DetailedFigures } from "./run-case.js";
import { speedTable } from "./speed-table.js";

const figures = (seconds: number, peakRssMib = 150): DetailedFigures => ({
  case: "poisson",
  mode: "default",
  engine: "fast",
  requests: 100_000,
  outputTokens: 19_000_000,
  seconds,
  requestsPerS: 100_000 / seconds,
  steps: 1_300_000,
  peakRssMib,
  note: "a note",
  completed: 100_000,
  inputTokens: 22_000_000,
  scheduledSteps: 1_300_000,
  jumpedSteps: 0,
  runSteps: 1_000_000,
  preemptions: 0,
  makespanS: 10_000,
  meanTtftMs: 38,
  meanTpotMs: 8,
  meanE2elMs: 1500,
});

test("times are medians, and costs of a request and a step follow from them", () => {
  const warm = [figures(0.9), figures(0.39, 160), figures(0.4, 170)];
  const table = speedTable([{ warm, cold: [figures(0.65)], step: figures(3.6) }]);
  const cells = table.split("\n").at(-1)!.split("|").map((cell) => cell.trim()); // prettier-ignore
  expect(cells.slice(1, -1)).toEqual(
    ["poisson", "100,000", "0.400", "0.650", "4.00", "308", "13.0", "76.9 %", "0", "160", "3.60", "9.0x"], // prettier-ignore
  );
});
