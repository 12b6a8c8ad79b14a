/** Calibration from recordings of a simulated engine of known costs: what it predicts of loads that it has not seen. */
import type { Profile, Run, VllmEngineCost } from "../../formats/index.js";
import { exponential, mean, replayRecording, stream, tpotMs, ttftMs } from "../../sim/index.js";
import { recordEngine, type KnownRequest } from "../../test/support/recorded-engine.js";
import { calibrateVllm } from "./calibrate-vllm.js";
import { logNormalVariation } from "../fit/numerics/index.js";
import type { RecordedRun } from "./recording/index.js";

const launches = logNormalVariation(0.25);

const cost: VllmEngineCost = {
  kind: "vllm_engine",
  gpu: {
    decode_base_ns: 5e6,
    decode_padded_token_ns: 12_000,
    context_token_ns: 25,
    mixed_base_ns: 5.5e6,
    prefill_base_ns: 1e6,
    prefill_padded_token_ns: 20_000,
    attention_pair_ns: 0.6,
  },
  host: {
    schedule: { base_ns: 120_000, request_ns: 2000 },
    update: { base_ns: 60_000, request_ns: 1500 },
    launch_full_graph: { base_ns: 2.6e6, request_ns: 0, lead: 0.6 },
    launch_piecewise: { base_ns: 7e6, request_ns: 0, lead: 0.3 },
    launch_no_graph: { base_ns: 10e6, request_ns: 0, lead: 0.1 },
    launch_lead: 0.1,
    copy_ns: 76_000,
    send_ns: 90_000,
    take_request_ns: 9000,
    wake_ns: 60_000,
    empty_step_sleep_ns: 1e6,
  },
  front_end: {
    accept_ns: 300_000,
    request_ns: 300_000,
    request_token_ns: 100,
    request_hops: 6,
    request_hop_ns: 60_000,
    request_hop_gap_ns: 40_000,
    output_ns: 400_000,
    output_token_ns: 20_000,
    chunk_ns: 30_000,
    first_chunk_ns: 60_000,
    delivery_ns: 300_000,
    first_wait_token_ns: 20_000,
  },
  jitter: {
    launch_full_graph: launches,
    launch_piecewise: launches,
    launch_no_graph: launches,
    host_states: [{ share: 0.5, memory_ns: 30e6 }],
    run_spread: 0,
  },
};

/** Lone prefills and decodes together, each when the group before is over. */
function probes(): KnownRequest[] {
  const sent: KnownRequest[] = [];
  let atMs = 10;
  const group = (probe: string, count: number, promptTokens: number, outputTokens: number): void => {
    for (let k = 0; k < count; k++) sent.push({ arrivalMs: atMs, promptTokens, outputTokens, probe });
    atMs += 100 + 10 * outputTokens + 0.03 * count * promptTokens;
  };
  for (const round of [1, 2]) {
    for (const length of [16, 64, 256, 1000, 1024]) group(`prefill-p${length}-o${round}`, 2, length, round);
  }
  for (const batch of [1, 4, 16, 32]) group(`decode-b${batch}-c16`, batch, 16, 24);
  for (const context of [1000, 3000]) group(`decode-b8-c${context}`, 8, context, 24);
  return sent;
}

function load(name: string, count: number, meanGapMs: number): KnownRequest[] {
  const random = stream(name);
  let arrivalMs = 0;
  return Array.from({ length: count }, () => {
    arrivalMs += meanGapMs * exponential(random);
    const promptTokens = Math.min(2000, 20 + Math.round(250 * exponential(random)));
    return { arrivalMs, promptTokens, outputTokens: 5 + Math.round(40 * exponential(random)) };
  });
}

const record = (name: string, sent: readonly KnownRequest[]): RecordedRun => recordEngine({ cost }, sent, { name });

const known = [record("probes", probes()), record("light", load("light", 60, 60))];
const unseen = record("unseen", load("unseen", 150, 35));

const meanOf = (run: Run, metric: typeof tpotMs): number =>
  mean(Float64Array.from(run.requests.map(metric).filter((value) => value !== null)));

/** Relative error of the mean over an unseen load. */
function errorOf(profile: Profile, metric: typeof tpotMs): number {
  const sims = ["1", "2"].map((seed) => replayRecording(profile, unseen.run, { seed, jitter: true }));
  const sim = sims.reduce((sum, run) => sum + meanOf(run, metric), 0) / sims.length;
  return sim / meanOf(unseen.run, metric) - 1;
}

test("from clients' times alone the time per token of a busier load is predicted within 6 %", async () => {
  const profile = await calibrateVllm(known, { name: "black box", isBlackBox: true, effort: 0.05 });
  expect(Math.abs(errorOf(profile, tpotMs))).toBeLessThan(0.06);
  expect(profile.notes!.join("\n")).toContain("client times alone");
});

test("of a server whose model runs on the CPU, steps have the pace of the host, and its runs differ by it", async () => {
  const onCpu = known.map(({ run, ...recorded }): RecordedRun => {
    const info = { ...run.info, hardware: { ...run.info.hardware, device: "cpu" } };
    return { ...recorded, run: { ...run, info } };
  });
  const profile = await calibrateVllm(onCpu, { name: "cpu", isBlackBox: true, effort: 0.01 });
  const fitted = profile.cost as VllmEngineCost;
  expect(profile.notes!.join("\n")).toContain("runs on the CPU");
  const { on_host, ...ofDevice } = fitted.gpu;
  const other = { ...profile, cost: { ...fitted, gpu: ofDevice } };
  const spreadOf = (of: Profile): number => {
    const means = ["1", "2", "3", "4", "5"].map((seed) => meanOf(replayRecording(of, known[1]!.run, { seed, jitter: true }), tpotMs)); // prettier-ignore
    return Math.max(...means) / Math.min(...means);
  };
  expect(on_host).toBe(true);
  expect(spreadOf(profile)).toBeGreaterThan(1.02 * spreadOf(other));
});

test("from step logs it is predicted within 3 %, and time to first token within 10 %", async () => {
  const profile = await calibrateVllm(known, { name: "logged", isBlackBox: false, effort: 0.08 });
  expect(Math.abs(errorOf(profile, tpotMs))).toBeLessThan(0.03);
  expect(Math.abs(errorOf(profile, ttftMs))).toBeLessThan(0.1);
  // Its loads are too small for the rarest kind of step, and it says so.
  expect(profile.notes!.join("\n")).toContain('launch of steps of kind "piecewise": it never showed');
});

test("a profile that is not of a vLLM engine has no GPU costs to keep", async () => {
  const base = { name: "batches", cost: { kind: "static_batch" } } as unknown as Profile;
  await expect(calibrateVllm(known, { name: "x", isBlackBox: false, base })).rejects.toThrow(
    'profile "batches" is not of a vLLM engine',
  );
});
