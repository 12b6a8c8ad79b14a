import { normal, stream } from "../../../sim/index.js";
import type { EngineModel } from "./engine-model.js";
import type { EngineLog } from "./engine-model.js";
import { recencyOf } from "./fit-recency.js";
import type { Reading } from "./read-timeline.js";

const launch = { baseNs: 10e6, requestNs: 0, lead: 0.03, overlapPower: 3.5, p90Ratio: 1.2 };
const model = { launch: { full: launch, piecewise: launch, none: launch } } as unknown as EngineModel;
const log = { isProbes: false, isAsync: true } as EngineLog;

/** Launches that show, so long after the last one without graphs, shorter by `share` fading with 60 ms. */
function readings(share: number, count = 600): Reading[] {
  const random = stream(`recency/${share}`);
  return Array.from({ length: count }, (_, k): Reading => {
    const sinceEagerNs = 10e6 + 400e6 * random();
    const kind = k % 2 === 0 ? "none" : "piecewise";
    const step = { kind, pace: 1.3, sinceEagerNs, record: { prefillTokens: 100, scheduledRequests: 5 } };
    const launchNs = 13e6 * (1 - share * Math.exp(-sinceEagerNs / 60e6)) * Math.exp(0.1 * normal(random));
    return { step, launchNs, isLaunchExact: true } as unknown as Reading;
  });
}

test("how much shorter a launch is soon after one without graphs comes back", () => {
  const { share, memoryNs } = recencyOf([log], [readings(0.2)], model)!;
  expect(Math.abs(share - 0.2)).toBeLessThan(0.06);
  expect(memoryNs).toBe(60e6);
});

test("what may be noise, and what too few launches show, is left out", () => {
  expect(recencyOf([log], [readings(0)], model)).toBeUndefined();
  expect(recencyOf([log], [readings(0.3, 60)], model)).toBeUndefined();
  expect(recencyOf([{ ...log, isProbes: true }], [readings(0.3)], model)).toBeUndefined();
});
