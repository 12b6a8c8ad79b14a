import { meanPace, paceAt, pacePath, paceTable } from "./read-pace.js";
import type { HostCall, Timeline } from "./timeline.js";

const costs = {
  schedule: { base_ns: 1e5, request_ns: 1e4, prefill_request_ns: 5e4 },
  update: { base_ns: 5e4, request_ns: 5e3 },
};

/** A call every 4 ms, schedule and update in turn, of changing sizes. */
function timeline(pace: (atNs: number) => number, count = 500): Timeline {
  const calls = Array.from({ length: count }, (_, k): HostCall => {
    const [isUpdate, requests, prefillRequests, atNs] = [k % 2 === 1, 1 + ((k * 37) % 90), k % 3, 4e6 * k];
    const { base_ns, request_ns } = isUpdate ? costs.update : costs.schedule;
    const ns = base_ns + request_ns * requests + (isUpdate ? 0 : 5e4 * prefillRequests);
    return { isUpdate, atNs, requests, prefillRequests, ns: ns * pace(atNs) };
  });
  return { steps: [], calls, sendsNs: [] };
}

test("the pace is what calls took over what they cost, whatever their size", () => {
  const path = pacePath(timeline(() => 1.3), costs); // prettier-ignore
  expect(meanPace(path)).toBeCloseTo(1.3, 9);
  expect(path.paces.every((pace) => Math.abs(pace - 1.3) < 1e-9)).toBe(true);
});

test("it follows a host that changes its mind, and not a single call that was interrupted", () => {
  const path = pacePath(timeline((atNs) => (atNs === 400e6 ? 20 : atNs < 1000e6 ? 1 : 0.6)), costs); // prettier-ignore
  expect(paceAt(path, 400e6)).toBeCloseTo(1, 6);
  expect(paceAt(path, 900e6)).toBeCloseTo(1, 6);
  expect(paceAt(path, 1100e6)).toBeCloseTo(0.6, 6);
  const table = paceTable(path);
  for (const atNs of [-1e9, 300e6, 1500e6, 9e9]) expect(table(atNs)).toBeCloseTo(paceAt(path, atNs), 6);
});

test("the mean is over the time at work: idle spells count no longer than a moment", () => {
  const { calls, ...rest } = timeline((atNs) => (atNs < 1000e6 ? 2 : 1));
  // The second half is as long as the first, but for a minute in which nothing was asked for.
  const late = calls.map((call) => (call.atNs < 1000e6 ? call : { ...call, atNs: call.atNs + 60e9 }));
  expect(meanPace(pacePath({ calls: late, ...rest }, costs))).toBeCloseTo(1.5, 1.2);
});

test("without calls nothing is known", () => {
  expect(meanPace(pacePath({ steps: [], calls: [], sendsNs: [] }, costs))).toBeNaN();
});
