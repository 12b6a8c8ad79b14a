/** What a profile says of the server and the recordings that it was fitted to. */
import type { RequestRecord, VllmEngineCost } from "../../../formats/index.js";
import { recordEngine } from "../../../test/support/recorded-engine.js";
import { costOf, startFrom } from "../client-times/index.js";
import { buildProfile } from "./build-profile.js";
import type { RecordedRun } from "../recording/index.js";

const cost: VllmEngineCost = costOf(startFrom({ fastestTpotMs: 7, idleTtftMs: 20 }));
const sent = [100, 300, 200].map((promptTokens, k) => ({ arrivalMs: 1000 * k, promptTokens, outputTokens: 10 + k }));
const recorded = recordEngine({ cost }, sent, { name: "one at a time" });

function withSettings(settings: Readonly<Record<string, unknown>>): RecordedRun {
  const { info } = recorded.run;
  const engine = { ...info.engine, settings: { ...info.engine.settings, ...settings } };
  return { ...recorded, run: { ...recorded.run, info: { ...info, engine } } };
}

const profileOf = (...runs: RecordedRun[]): ReturnType<typeof buildProfile> =>
  buildProfile({ name: "built", cost, runs, notes: [] });

test("the range is what was recorded: prompts and contexts, most requests at once, and the steps where they are logged", () => {
  const told = { batch: [1, 1], prompt_tokens: [100, 300], context_tokens: [100, 311] };
  const steps = { step_tokens: [1, 300], prefill_tokens: [100, 300], attention_pairs: [5050, 45_150] };
  expect(profileOf(recorded).range).toEqual({ ...told, ...steps });
  expect(profileOf({ ...recorded, steps: undefined }).range).toEqual(told);
  const burst = sent.map((request) => ({ ...request, arrivalMs: 0 }));
  const together = recordEngine({ cost }, burst, { name: "together" });
  expect(profileOf(recorded, together).range.batch).toEqual([1, 3]);
  expect(profileOf(recorded, { ...together, steps: [] }).range.batch).toEqual([1, 3]);
  const few = { ...withSettings({ max_num_seqs: 2 }), run: { ...together.run, info: withSettings({ max_num_seqs: 2 }).run.info } }; // prettier-ignore
  expect(profileOf(few).range.batch).toEqual([1, 2]);
});

test("requests without an end count where they arrived", () => {
  const cut = recorded.run.requests.map(({ requestId, arrivalNs, promptTokens, outputTokens }): RequestRecord => {
    return { requestId, arrivalNs, promptTokens, outputTokens, status: "error" };
  });
  expect(profileOf({ ...recorded, steps: [], run: { ...recorded.run, requests: cut } }).range.batch).toEqual([1, 1]);
});

test("memory holds the KV blocks beside the weights", () => {
  const { memory } = profileOf(withSettings({ num_gpu_blocks: 1000, block_size: 32, gpu_memory_utilization: 0.5 }));
  const poolBytes = 1000 * 32 * memory.kv_bytes_per_token;
  expect(poolBytes).toBeGreaterThan(0);
  expect(memory.total_bytes).toBe(Math.ceil((poolBytes + memory.base_bytes) / 0.5));
});

test("without the number of KV blocks it is rejected, with where it is found", () => {
  expect(() => profileOf(withSettings({ num_gpu_blocks: undefined }))).toThrow(
    /one at a time\/run\.json: engine\.settings\.num_gpu_blocks: got undefined, .*vllm:cache_config_info/,
  );
});

test("it names the recordings and how the server was started", () => {
  const { run } = recorded;
  const engine = { ...run.info.engine, args: "--max-num-seqs 32" };
  const started = { ...recorded, run: { ...run, info: { ...run.info, engine } } };
  expect(profileOf(started, { ...recorded, name: "again" }).source).toBe(
    "fitted to recorded runs of vLLM 0.26.0: one at a time, again; the server was started with: --max-num-seqs 32",
  );
});

test("what the recordings say of their server, and a long way to it, goes into the profile, each once", () => {
  const noted = (more: object): RecordedRun => ({
    ...recorded,
    run: { ...recorded.run, info: { ...recorded.run.info, ...more } },
  });
  expect(profileOf(recorded)).not.toHaveProperty("server_notes");
  const near = noted({ server_notes: ["3 preemptions"], network: { round_trip_ms: 0.05, is_taken_off: true } });
  const far = noted({ server_notes: ["3 preemptions", "odd"], network: { round_trip_ms: 12.34, is_taken_off: true } });
  expect(profileOf(near).server_notes).toEqual(["3 preemptions"]);
  expect(profileOf(near, far).server_notes).toEqual([
    "3 preemptions",
    "odd",
    expect.stringMatching(/round trip of 12\.3 ms away from the server, which was taken off/),
  ]);
});
