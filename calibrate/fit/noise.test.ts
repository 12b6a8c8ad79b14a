import { bentTruth, syntheticMeasurements } from "./synthetic-measurements.fixture.js";
import { toCells } from "./measurement.js";
import { describeNoise, drift, repeatSpread } from "./noise.js";

test("a machine that slows by a fifth from the first round to the last is reported", () => {
  const drifting = syntheticMeasurements(bentTruth).map((m) => ({ ...m, wallNs: m.wallNs * (1 + 0.1 * m.rep) }));
  expect(drift(toCells(drifting))).toBeCloseTo(0.2, 6);
  expect(describeNoise(toCells(drifting))).toEqual([expect.stringContaining("20 % slower")]);
});

test("a quiet machine is not reported, and its spread is small", () => {
  const cells = toCells(syntheticMeasurements(bentTruth, { noiseFraction: 0.02 }));
  expect(describeNoise(cells)).toEqual([]);
  expect(repeatSpread(cells)).toBeLessThan(0.05);
});

test("a shape whose repeats disagree is named", () => {
  const measurements = syntheticMeasurements(bentTruth);
  const wild = measurements.map((m, i) => (i === 0 ? { ...m, wallNs: m.wallNs * 2 } : m));
  expect(describeNoise(toCells(wild))).toEqual([expect.stringMatching(/disagree.*b1 p4 n4/)]);
});
