import { growthBytes, peakGrowthBytes, residentBytes } from "./memory-growth.js";

test("growth is between the middle of the first readings after settling and that of the last", () => {
  const readings = Array.from({ length: 100 }, (_, atS) => ({ atS, bytes: atS < 20 ? 10 * atS : 200 + atS }));
  expect(growthBytes(readings, 20)).toBe(92 - 27);
  // One reading amid a collection of garbage changes nothing much.
  const spiked = readings.map((reading) => (reading.atS === 98 ? { ...reading, bytes: 9_999 } : reading));
  expect(growthBytes(spiked, 20)).toBe(92 - 27);
});

test("the peak is the highest reading over what it was after settling", () => {
  const readings = Array.from({ length: 100 }, (_, atS) => ({
    atS,
    bytes: atS === 5 ? 9_999 : 200 + (atS === 70 ? 50 : 0),
  }));
  expect(peakGrowthBytes(readings, 20)).toBe(50);
});

test("this process holds memory, one that is not there is not read", () => {
  if (process.platform !== "linux") return;
  expect(residentBytes(process.pid)).toBeGreaterThan(2 ** 20);
  expect(residentBytes(2 ** 30)).toBeUndefined();
});
