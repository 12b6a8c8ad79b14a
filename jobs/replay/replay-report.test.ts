import type { Profile, RequestRecord, Run, VllmEngineCost } from "../../formats/index.js";
import { readProfile } from "../../formats/files/index.js";
import { atPace, predictionInterval, replayRecording } from "../../sim/index.js";
import { recordEngine } from "../../test/support/recorded-engine.js";
import { replayReport, splitParts } from "./replay-report.js";

const shipped = readProfile("profiles/h100-llama-3.1-8b-vllm-0.26.json");
/** Each run of which has the same costs. */
const profile: Profile = { ...shipped, cost_draws: undefined };

function request(id: string, arrivalMs: number, more: Partial<RequestRecord> = {}): RequestRecord {
  return {
    requestId: id,
    arrivalNs: arrivalMs * 1e6,
    firstTokenNs: (arrivalMs + 20) * 1e6,
    lastTokenNs: (arrivalMs + 100) * 1e6,
    promptTokens: 20,
    outputTokens: 11,
    status: "ok",
    ...more,
  };
}

function recording(requests: readonly RequestRecord[]): Run {
  const settings = { num_gpu_blocks: 33, max_num_seqs: 8, max_num_batched_tokens: 256, max_model_len: 512 };
  return {
    info: {
      version: 1,
      source: "real",
      policy: "vllm",
      engine: { name: "vllm", settings },
      model: { name: "m" },
      hardware: {},
      load: { kind: "open_loop" },
      requests: requests.length,
    },
    requests,
    batches: [],
  };
}

test("what the server answered, its simulation answers too, up to the longest it may be", () => {
  // 512 tokens take every block that can be used; the last token's place is never needed.
  const longest = request("longest", 0, { promptTokens: 500, outputTokens: 12 });
  const { requests } = replayRecording(profile, recording([longest, request("other", 1)]), { seed: "1", jitter: true });
  expect(requests.map(({ requestId, status, outputTokens }) => [requestId, status, outputTokens])).toEqual([
    ["longest", "ok", 12],
    ["other", "ok", 11],
  ]);
});

test("a recording that does not say how long a request may be served what it answered", () => {
  const { info, ...rest } = recording([request("long", 0, { promptTokens: profile.model.positions, outputTokens: 2 })]);
  const { max_model_len, ...settings } = info.engine.settings;
  expect(max_model_len).toBe(512);
  const unlimited = { ...rest, info: { ...info, engine: { ...info.engine, settings: { ...settings, num_gpu_blocks: 10_000 } } } }; // prettier-ignore
  expect(replayRecording(profile, unlimited, { seed: "1", jitter: true }).requests[0]).toMatchObject({ status: "ok" });
});

test("real statistics are of the answered requests, simulated ones the mean over the runs, within their band", () => {
  const failed: RequestRecord = { requestId: "x", arrivalNs: 0, promptTokens: 5, outputTokens: 0, status: "error" };
  const run = recording([request("a", 0), failed, request("b", 300)]);
  const options = { name: "r", seed: "1", jitter: true, replications: 3 };
  const report = replayReport(profile, run, options);
  expect(report).toMatchObject({ requests: 2, replications: 3, jitter: "on", preemptions: { real: null, sim: 0 }, split: null }); // prettier-ignore
  expect(report.notes).toContain("1 recorded requests without an answer are left out");
  const { real, sim, error, band } = report.metrics.mean_ttft_ms;
  expect(real).toBeCloseTo(20, 9);
  expect(report.metrics.mean_tpot_ms.real).toBeCloseTo(8, 9);
  expect(error).toBeCloseTo(sim! / 20 - 1, 9);
  expect(band![0]).toBeLessThan(sim!);
  expect(band![1]).toBeGreaterThan(sim!);
  const ones = [0, 1, 2].map((k) => {
    const seed = k === 0 ? options.seed : `${options.seed}/${k}`;
    return replayReport(profile, run, { ...options, seed, replications: 1 }).metrics.mean_ttft_ms.sim!;
  });
  expect(band).toEqual(predictionInterval(ones));
});

test("latency is split into what the engine tells of a request, and the client's rest", () => {
  const extra = { server_queue_ms: "1", server_prefill_ms: "14", server_decode_ms: "79.5" };
  const run = recording([request("a", 0, { extra }), request("b", 300)]);
  const { split, metrics } = replayReport(profile, run, { name: "r", seed: "1", jitter: false, replications: 1 });
  const of = (side: "real" | "sim"): number[] => splitParts.map((part) => split![part][side]);
  expect(of("real")).toEqual([1, 14, 79.5, 5.5]);
  expect(of("sim").every((ms) => ms >= 0)).toBe(true);
  const { accept_ns, delivery_ns } = (profile.cost as VllmEngineCost).front_end!;
  expect(split!.client.sim).toBeGreaterThan((accept_ns + delivery_ns) / 1e6);
  // Columns are rounded to a microsecond.
  expect(Math.abs(of("sim").reduce((sum, ms) => sum + ms) - metrics.mean_e2el_ms.sim!)).toBeLessThan(0.002);
});

test("without jitter one simulation is all there is", () => {
  const report = replayReport(profile, recording([request("a", 0)]), { name: "r", seed: "1", jitter: false, replications: 9 }); // prettier-ignore
  expect([report.jitter, report.replications]).toEqual(["off", 1]);
  expect(report.metrics.p99_e2el_ms.band).toBeNull();
});

describe("a recording with a step log", () => {
  const cost = profile.cost as VllmEngineCost;
  const sent = Array.from({ length: 60 }, (_, k) => ({ arrivalMs: 40 * k, promptTokens: 40, outputTokens: 30 }));
  const slow = recordEngine({ cost: atPace(cost, 1.4) }, sent, { name: "slow" });
  const options = { name: "slow", seed: "1", jitter: true, replications: 4 };

  it("tells the pace of its host, and is scored at that pace too", () => {
    const { pace, metrics, metrics_at_pace: atItsPace } = replayReport(profile, slow.run, { ...options, steps: slow.steps }); // prettier-ignore
    expect(pace.profile).toBe((profile.cost as VllmEngineCost).host.pace);
    expect(Math.abs(pace.run! / 1.4 - 1)).toBeLessThan(0.08);
    expect(metrics.mean_ttft_ms.error!).toBeLessThan(-0.15);
    expect(Math.abs(atItsPace!.mean_ttft_ms.error!)).toBeLessThan(0.1);
    expect(Object.keys(atItsPace!)).toEqual(Object.keys(metrics));
    expect(atItsPace!.p95_tpot_ms.real).toBe(metrics.p95_tpot_ms.real);
  });

  it("has no such score without the log, or on a profile whose calls were not measured, and says why", () => {
    const without = replayReport(profile, slow.run, options);
    expect([without.pace.run, without.metrics_at_pace]).toEqual([null, null]);
    expect(without.pace_unknown).toMatch(/no step log/);
    const { schedule, ...jitter } = cost.jitter!;
    expect(schedule).toBeDefined();
    const blackBox = { ...profile, cost: { ...cost, jitter } };
    const unmeasured = replayReport(blackBox, slow.run, { ...options, steps: slow.steps });
    expect([unmeasured.pace.run, unmeasured.pace_unknown]).toEqual([null, expect.stringMatching(/not fitted to step logs/)]); // prettier-ignore
  });

  it("is simulated with other costs in each run where the profile has draws of them, so that its band is wider", () => {
    const names = ["gpu.decode_base_ns"];
    const values = [[5e6], [7e6], [8e6], [6e6]];
    const bandOf = (of: typeof profile): number => {
      const { band } = replayReport(of, slow.run, options).metrics.mean_tpot_ms;
      return band![1] - band![0];
    };
    expect(bandOf({ ...profile, cost_draws: { names, values } })).toBeGreaterThan(2 * bandOf(profile));
    expect(shipped.cost_draws!.values.length).toBeGreaterThanOrEqual(30);
  });
});
