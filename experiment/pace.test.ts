import type { OnnxExecutor } from "../backend/onnx/index.js";
import { readProfile } from "../formats/files/index.js";
import type { Profile, Run, StaticBatchCost } from "../formats/index.js";
import { atPace, describePace, meanPace, paceDuring, paceOf } from "./pace.js";

const profile = readProfile("profiles/mini-cpu-2core.json");
const reference = { batch_size: 3, prompt_tokens: 5, decode_steps: 2, ms: 20 };

function withReference(settings: object): Profile {
  return { ...profile, engine: { ...profile.engine, settings: settings as Profile["engine"]["settings"] } };
}

/** An executor whose batches take so long, one after the other. */
function executorOf(batchesMs: readonly number[]): { executor: OnnxExecutor; asked: unknown[] } {
  const asked: { promptIds: number[][]; outputTokens: number }[] = [];
  const executor = {
    info: { model: { vocab: 100 } },
    runBatch: async (batch: (typeof asked)[number]) => {
      const ms = batchesMs[asked.push(batch) - 1]!;
      await new Promise((resolve) => setTimeout(resolve, ms));
    },
  };
  return { executor: executor as unknown as OnnxExecutor, asked };
}

test("pace is the median time of the calibration's reference batch over what it took there", async () => {
  const { executor, asked } = executorOf([40, 41, 300, 40, 1]);
  const measurePace = paceOf(withReference({ drift: { reference } }), executor, undefined)!;
  // A timer may be late by more than a millisecond on a busy machine.
  expect(await measurePace()).toBeGreaterThan(1.9);
  expect(asked).toHaveLength(5);
  for (const batch of asked as { promptIds: number[][]; outputTokens: number }[]) {
    expect(batch.promptIds.map((row) => row.length)).toEqual([5, 5, 5]);
    expect(Math.max(...batch.promptIds.flat())).toBeLessThan(100);
    expect(batch.outputTokens).toBe(3);
  }
});

test("a profile without a reference has no pace", () => {
  expect(paceOf(withReference({}), executorOf([]).executor, undefined)).toBeUndefined();
});

test("a run's pace is the mean of before and after", () => {
  const info = { pace: [1.1, 1.2] } as unknown as Run["info"];
  expect(paceDuring({ info, requests: [], batches: [] })).toBeCloseTo(1.15, 9);
  expect(paceDuring({ info: {} as Run["info"], requests: [], batches: [] })).toBeUndefined();
});

test("the pace of several runs is the mean of those that know theirs", () => {
  const runs = [[1, 1.2], [1.3, 1.3], undefined].map((pace) => ({ info: { pace } }) as unknown as Run);
  expect(meanPace(runs)).toBeCloseTo(1.2, 12);
  expect(meanPace(runs.slice(2))).toBeUndefined();
});

test("a pace that would show in a comparison is told", () => {
  expect(describePace([1.1, 1.3])).toMatch(/^the machine was 20 % slower during .* too short$/);
  expect(describePace([0.9])).toMatch(/^the machine was 10 % faster during .* too long$/);
  expect([describePace([]), describePace([1.02, 0.97])]).toEqual([undefined, undefined]);
});

test("at another pace every coefficient is as much longer", () => {
  const of = ({ cost }: Profile): number[] => {
    const { prefill, decode_step, dispatch_ns, cold_start_ns } = cost as StaticBatchCost;
    return [...[...prefill, ...decode_step].map(({ coefficient_ns }) => coefficient_ns), dispatch_ns, cold_start_ns];
  };
  const [before, after] = [of(profile), of(atPace(profile, 1.25))];
  expect(after).toEqual(before.map((ns) => 1.25 * ns));
  expect(() => atPace(readProfile("profiles/h100-gpt2-vllm-0.26.json"), 2)).toThrow(/vllm_engine/);
});
