/** A run that asks more than its profile was measured on says so, with the share of the time, whichever engine simulates it. */
import { readFileSync } from "node:fs";
import { loadSchema, profileSchema, type Run, type Workload } from "../../formats/index.js";
import { atRunPace } from "../cost/index.js";
import { planPolicy } from "../policy/index.js";
import type { EngineName } from "./step-simulation.js";
import { simulateRun } from "./simulate-run.js";

/** Measured with prompts of up to 3500 tokens, steps of up to 2048, 128 requests. */
const PROFILE = "profiles/h100-llama-3.1-8b-vllm-0.26.json";
const shipped = profileSchema.parse(JSON.parse(readFileSync(PROFILE, "utf8")));
/** With all that it does not know taken as known, so that its results have no other notes. */
const profile = atRunPace(shipped, 1);

function workloadOf(promptTokens: number, outputTokens: number): Workload {
  const requests = Array.from({ length: 12 }, (_, index) => ({
    id: String(index),
    promptTokens,
    outputTokens,
    arrivalNs: index * 5e7,
  }));
  return { requests, maxConcurrency: Infinity, thinkNs: 0 };
}

function run(workload: Workload, settings: object, engine: EngineName = "fast", jitter = true, of = profile): Run {
  const plan = planPolicy("vllm", settings, { source: "test" });
  return simulateRun({
    plan,
    profile: of,
    workload,
    load: loadSchema.parse({ num_prompts: 12 }),
    seed: "1",
    coldStart: false,
    engine,
    jitter,
  });
}

const quantities = ({ info }: Run): unknown => info.extrapolation?.of.map(({ quantity, asked }) => [quantity, asked]);

test("prompts longer than the measured ones are reported, in notes and as data", () => {
  const simulated = run(workloadOf(20_000, 3), { max_model_len: 32_768 });
  expect(quantities(simulated)).toEqual([
    ["attention_pairs", expect.any(Number)],
    ["prompt_tokens", 20_000],
    ["context_tokens", expect.any(Number)],
  ]);
  expect(simulated.info.extrapolation!.share).toBeGreaterThan(0.5);
  expect(simulated.info.notes).toContainEqual(
    expect.stringMatching(/^extrapolated for .*20,000 tokens of a prompt \(measured to 3,500; /),
  );
});

test("steps of more tokens than the measured budget are reported", () => {
  const simulated = run(workloadOf(3000, 3), { max_num_batched_tokens: 16_384 });
  expect(quantities(simulated)).toEqual([
    ["step_tokens", expect.any(Number)],
    ["prefill_tokens", expect.any(Number)],
    ["attention_pairs", expect.any(Number)],
  ]);
});

test("a load inside what was measured has a share of 0, and no note", () => {
  const { info } = run(workloadOf(300, 40), {});
  expect(info.extrapolation).toEqual({ share: 0, of: [] });
  expect(info.notes).toBeUndefined();
});

test.each([true, false])(
  "both engines tell the same, jitter %p, over jumps whose contexts grow out of the range",
  (jitter) => {
    const workload = workloadOf(3400, 400);
    const [fast, step] = [run(workload, {}, "fast", jitter), run(workload, {}, "step", jitter)];
    expect(fast.info.extrapolation).toEqual(step.info.extrapolation);
    expect(fast.info.extrapolation!.of.map(({ quantity }) => quantity)).toEqual(["context_tokens"]);
    expect(fast.info.extrapolation!.share).toBeLessThan(1);
  },
);

test("what is known of the server comes back in every result made with its profile", () => {
  const noted = { ...profile, server_notes: ["the server keeps prompts"] };
  const { info } = run(workloadOf(300, 40), {}, "fast", true, noted);
  expect(info.notes).toEqual(["profile: the server keeps prompts"]);
});
