import { readProfile } from "../../../formats/files/index.js";
import type { VllmEngineCost } from "../../../formats/index.js";
import { atPace } from "../../../sim/index.js";
import { recordEngine } from "../../../test/support/recorded-engine.js";
import type { PacePath, RecordedRun } from "../recording/index.js";
import type { EngineLog } from "./engine-model.js";
import { loadOf, runSpreadOf, withRunPaces } from "./run-paces.js";

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

test("the usual pace of a profile is that of all runs that tell theirs, and nothing else of its costs changes", () => {
  const profile = readProfile("profiles/h100-llama-3.1-8b-vllm-0.26.json");
  const sent = Array.from({ length: 60 }, (_, at) => ({ arrivalMs: 70 * at, promptTokens: 40, outputTokens: 30 }));
  const recordAt = (pace: number, repeat: number): RecordedRun => {
    return recordEngine({ cost: atPace(profile.cost as VllmEngineCost, pace) }, sent, {
      name: `light-r${repeat}`,
      seed: String(repeat),
    });
  };
  const runs = [0.6, 0.65, 0.7, 0.75, 0.8].map(recordAt);
  const paced = withRunPaces(profile, runs);
  const [before, after] = [profile, paced].map(({ cost }) => cost as VllmEngineCost) as [
    VllmEngineCost,
    VllmEngineCost,
  ];
  expect(Math.abs(after.host.pace! / 0.6964 - 1)).toBeLessThan(0.05);
  expect(after.jitter!.run_spread!).toBeGreaterThan(0.11);
  const without = ({ host, jitter, ...cost }: VllmEngineCost): object => ({
    ...cost,
    host: { ...host, pace: 0 },
    jitter: { ...jitter, run_spread: 0 },
  });
  expect(without(after)).toEqual(without(before));
  expect(withRunPaces(profile, runs.slice(1))).toBe(profile);
});
