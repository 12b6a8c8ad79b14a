import { otherCores, type LoadSnapshot } from "./other-load.js";

const at = (seconds: number, machine: number, own: number): LoadSnapshot => ({
  atNs: seconds * 1e9,
  machineNs: machine * 1e9,
  ownNs: own * 1e9,
});

test("what the machine worked beyond this process is others' work, in cores", () => {
  expect(otherCores(at(10, 100, 50), at(14, 110, 54))).toBe(1.5);
});

test("coarse counters never give negative work, and no time gives none", () => {
  expect(otherCores(at(0, 0, 0), at(1, 1, 1.2))).toBe(0);
  expect(otherCores(at(1, 5, 1), at(1, 9, 1))).toBe(0);
});
