/** What the first probes of a known engine tell of its capacity, beside what it does when it is kept full. */
import type { Run, VllmEngineCost } from "../../../formats/index.js";
import { replayRecording, stream } from "../../../sim/index.js";
import { recordEngine, type KnownRequest } from "../../../test/support/recorded-engine.js";
import { costOf, startFrom } from "../client-times/index.js";
import { buildProfile } from "../profile/index.js";
import { learntPace } from "./learnt-pace.js";
import { probeGroups, type ProbedServer } from "./probe-groups.js";
import { probeLoads } from "./probe-loads.js";
import { capacityPerS, type Pace } from "./probe-pace.js";
import type { RecordedRun } from "../recording/index.js";

/** A handful of timings, far off. */
const rough: Pace = { fixedMs: 30, prefillTokenMs: 0.1, decodeStepMs: 15, batch: 32, batchStepMs: 40 };
const server: ProbedServer = {
  maxNumSeqs: 32,
  maxNumBatchedTokens: 1024,
  maxModelLen: 4096,
  kvTokens: 7999 * 16,
  largestGraph: 64,
};

const engines: readonly (readonly [string, VllmEngineCost])[] = [
  [
    "a GPU that sets the pace",
    costOf({ ...startFrom({ fastestTpotMs: 12, idleTtftMs: 15 }), prefill_padded_token: 60_000 }),
  ],
  ["a host that sets the pace", costOf(startFrom({ fastestTpotMs: 5, idleTtftMs: 25 }))],
];

/** The indispensable probes, one group after the other. */
function firstProbes(cost: VllmEngineCost): RecordedRun {
  let atMs = 10;
  const sent: KnownRequest[] = [];
  for (const { tier, isOneByOne, requests } of probeGroups(server, rough)) {
    if (tier > 1) continue;
    for (const { label, promptTokens, outputTokens, offsetMs } of requests) {
      sent.push({ arrivalMs: atMs + (isOneByOne ? 0 : offsetMs), promptTokens, outputTokens, probe: label });
      if (isOneByOne) atMs += 1500;
    }
    atMs += 12_000;
  }
  return recordEngine({ cost }, sent, { name: "probes" });
}

/** Requests per second while every slot is wanted. */
function saturatedPerS(
  recorded: RecordedRun,
  cost: VllmEngineCost,
  load: ReturnType<typeof probeLoads>[number],
): number {
  const random = stream("learnt-pace");
  const requests = Array.from({ length: 400 }, (_, at) => {
    const { promptTokens, outputTokens } = load.requests[Math.floor(random() * load.requests.length)]!;
    return { requestId: String(at), arrivalNs: 0, sentNs: 0, firstTokenNs: 1, lastTokenNs: 2, promptTokens, outputTokens, status: "ok" as const }; // prettier-ignore
  });
  const load64 = { kind: "closed_loop", max_concurrency: 64 };
  const run: Run = { ...recorded.run, requests, info: { ...recorded.run.info, load: load64 } };
  const profile = buildProfile({ name: "known", cost, runs: [recorded], notes: [] });
  const ends = replayRecording(profile, run, { seed: "1", jitter: true })
    .requests.map(({ lastTokenNs }) => lastTokenNs!)
    .sort((a, b) => a - b);
  // Without the filling and the emptying.
  return 200 / ((ends[299]! - ends[99]!) / 1e9);
}

test.each(engines)(
  "%s: a load planned at 85 %% of what its first probes tell lies at 70 to 100 %% of what it can do",
  (_, cost) => {
    const recorded = firstProbes(cost);
    const planned = probeLoads(server, learntPace(recorded.run.requests, [], rough), { seed: "1", loadMs: 15_000 });
    const lighter = planned
      .slice(0, 2)
      .map(({ name, requests }) => recordEngine({ cost }, requests, { name }).run.requests);
    const learnt = learntPace(recorded.run.requests, lighter, rough);
    const load = probeLoads(server, learnt, { seed: "1", loadMs: 20_000 }).find(
      ({ name }) => name === "held-out-busy",
    )!;
    expect(load.utilisation).toBeCloseTo(0.85, 6);
    const capacity = saturatedPerS(recorded, cost, load);
    expect(load.ratePerS / capacity).toBeGreaterThan(0.7);
    expect(load.ratePerS / capacity).toBeLessThan(1);
  },
);

test("without probes the pace is that of before", () => {
  expect(learntPace([], [], rough)).toEqual(rough);
  expect(capacityPerS({ ...rough, joinMs: 10 }, 32, { promptTokens: 10, outputTokens: 32 })).toBeCloseTo(
    1e3 / (10 + 1 + 40),
    9,
  );
});
