import { realClock } from "./clock.js";

test.each(["fine", "coarse"] as const)("%s waiting ends at the moment or later, never before", async (precision) => {
  const { signal } = new AbortController();
  for (const delayNs of [0, 100_000, 3_000_000, 12_000_000]) {
    const dueNs = realClock.nowNs() + delayNs;
    await realClock.until(dueNs, signal, precision);
    expect(realClock.nowNs()).toBeGreaterThanOrEqual(dueNs);
  }
});

test("a moment that is past does not wait, and an abort ends the wait at once", async () => {
  const abort = new AbortController();
  await realClock.until(realClock.nowNs() - 1e12, abort.signal);
  const longWait = realClock.until(realClock.nowNs() + 3.6e12, abort.signal);
  abort.abort();
  await longWait;
  await realClock.until(realClock.nowNs() + 3.6e12, abort.signal);
});
