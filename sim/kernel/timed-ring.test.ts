import { TimedRing } from "./timed-ring.js";

test("what went in first comes out first, with its time, also after it has grown", () => {
  const ring = new TimedRing();
  const expected: [number, number][] = [];
  const take = (): void => {
    const [id, atNs] = expected.shift()!;
    expect(ring.nextNs).toBe(atNs);
    expect(ring.shift()).toBe(id);
  };
  for (let k = 0; k < 500; k++) {
    ring.push(k, 10 * k + 0.5);
    expected.push([k, 10 * k + 0.5]);
    if (k % 3 === 0) take();
    expect(ring.length).toBe(expected.length);
  }
  while (expected.length > 0) take();
  expect([ring.length, ring.nextNs]).toEqual([0, Infinity]);
  ring.push(7, 3);
  expect([ring.nextNs, ring.shift()]).toEqual([3, 7]);
});
