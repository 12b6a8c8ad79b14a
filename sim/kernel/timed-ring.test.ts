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

test("one that is put in by time comes before later ones and behind equals, wherever the ring begins", () => {
  const ring = new TimedRing();
  const expected: [number, number][] = [];
  for (let k = 0; k < 500; k++) {
    const atNs = k + ((k * 7) % 5);
    ring.insert(k, atNs);
    const later = expected.findIndex(([, otherNs]) => otherNs > atNs);
    expected.splice(later < 0 ? expected.length : later, 0, [k, atNs]);
    expect([ring.nextNs, ring.length]).toEqual([expected[0]![1], expected.length]);
    if (k % 3 === 0) expect(ring.shift()).toBe(expected.shift()![0]);
  }
  expect(expected.map(() => ring.shift())).toEqual(expected.map(([id]) => id));
  ring.insert(7, 3);
  expect([ring.nextNs, ring.shift(), ring.nextNs]).toEqual([3, 7, Infinity]);
});
