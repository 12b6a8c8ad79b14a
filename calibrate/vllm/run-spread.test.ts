import type { EngineLog } from "./fit-launches.js";
import type { PacePath } from "./read-pace.js";
import { runSpreadOf } from "./run-spread.js";

const pathOf = (pace: number): PacePath => ({ timesNs: Float64Array.of(0), paces: Float64Array.of(pace), weightsNs: Float64Array.of(1) }); // prettier-ignore
const logOf = (load: string, isProbes = false): EngineLog => ({ load, isProbes, isAsync: true }) as EngineLog;

test("five runs of one load tell how far a run is from the next, in the logarithm", () => {
  const paces = [-0.2, -0.1, 0, 0.1, 0.2].map((log) => pathOf(Math.exp(log)));
  const logs = paces.map(() => logOf("light"));
  expect(runSpreadOf(logs, paces)).toBeCloseTo(Math.sqrt(0.1 / 4), 12);
});

test("levels of loads are apart: only what runs of one load differ by counts", () => {
  const paces = [1, 1, 1, 1, 1, 2, 2, 2, 2, 2].map(pathOf);
  const logs = paces.map((_, at) => logOf(at < 5 ? "light" : "heavy"));
  expect(runSpreadOf(logs, paces)).toBeCloseTo(0, 12);
});

test("four runs, probes, or runs of different loads tell nothing", () => {
  const paces = [1, 1.1, 0.9, 1.2, 0.8].map(pathOf);
  expect(runSpreadOf(paces.slice(1).map(() => logOf("light")), paces.slice(1))).toBeUndefined(); // prettier-ignore
  expect(runSpreadOf(paces.map(() => logOf("probes", true)), paces)).toBeUndefined(); // prettier-ignore
  expect(runSpreadOf(paces.map((_, at) => logOf(`load ${at}`)), paces)).toBeUndefined(); // prettier-ignore
});
