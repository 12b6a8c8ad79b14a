import type { EngineLog } from "./fit-launches.js";
import type { PacePath } from "../recording/index.js";
import { loadOf, runSpreadOf } from "./run-spread.js";

const pathOf = (pace: number): PacePath => ({ timesNs: Float64Array.of(0), paces: Float64Array.of(pace), weightsNs: Float64Array.of(1) }); // prettier-ignore
const logOf = (load: string, isProbes = false): EngineLog => ({ load, isProbes, isAsync: true }) as EngineLog;

test("five runs of one load tell how far a run is from the next, in the logarithm, widened for how few they are", () => {
  const paces = [-0.2, -0.1, 0, 0.1, 0.2].map((log) => pathOf(Math.exp(log)));
  const logs = paces.map(() => logOf("light"));
  // Student's t of 4 degrees of freedom that 5 % lie above, over that of the normal distribution.
  expect(runSpreadOf(logs, paces)).toBeCloseTo((2.1318 / 1.645) * Math.sqrt(0.1 / 4), 4);
});

test("levels of loads are apart: only what runs of one load differ by counts, pooled over loads", () => {
  const paces = [1, 1.2, 2, 2.4, 3, 3.6, 4, 4.8].map(pathOf);
  const logs = paces.map((_, at) => logOf(`load ${at >> 1}`));
  expect(runSpreadOf(logs, paces)).toBeCloseTo((2.1318 / 1.645) * (Math.log(1.2) / Math.SQRT2), 4);
});

test("runs that hardly differ are not taken for a host that never does", () => {
  const paces = [1, 1, 1, 1, 1].map(pathOf);
  expect(runSpreadOf(paces.map(() => logOf("light")), paces)).toBe(0.08); // prettier-ignore
});

test("four runs, probes, or runs of different loads tell nothing", () => {
  const paces = [1, 1.1, 0.9, 1.2, 0.8].map(pathOf);
  expect(runSpreadOf(paces.slice(1).map(() => logOf("light")), paces.slice(1))).toBeUndefined(); // prettier-ignore
  expect(runSpreadOf(paces.map(() => logOf("probes", true)), paces)).toBeUndefined(); // prettier-ignore
  expect(runSpreadOf(paces.map((_, at) => logOf(`load ${at}`)), paces)).toBeUndefined(); // prettier-ignore
});

test("repeats of a load share its name", () => {
  expect(["gpt2/seed-n25-r1", "gpt2/seed-n25-r3", "probes"].map(loadOf)).toEqual(["gpt2/seed-n25", "gpt2/seed-n25", "probes"]); // prettier-ignore
});
