import type { OnnxExecutor } from "../../onnx/index.js";
import type { StepExecutor } from "../../real/index.js";
import { readProfile } from "../../formats/files/index.js";
import type { Profile, Run, StaticBatchCost } from "../../formats/index.js";
import { measuredSteps } from "../../sim/cost/measured-steps.fixture.js";
import { atPace, describePace, meanPace, paceAbout, paceBeside, paceOf, stepPaceOf } from "./pace.js";

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
  const { executor, asked } = executorOf([320, 330, 900, 320, 1]);
  const measurePace = paceOf(withReference({ drift: { reference } }), executor, undefined)!;
  // A timer may be late by more than a millisecond on a busy machine.
  expect(await measurePace()).toBeGreaterThan(15.9);
  expect(asked).toHaveLength(5);
  for (const batch of asked as { promptIds: number[][]; outputTokens: number }[]) {
    expect(batch.promptIds.map((row) => row.length)).toEqual([5, 5, 5]);
    expect(Math.max(...batch.promptIds.flat())).toBeLessThan(100);
    expect(batch.outputTokens).toBe(3);
  }
});

test("short batches are repeated until their times say something", async () => {
  const { executor, asked } = executorOf(Array<number>(15).fill(105));
  await paceOf(withReference({ drift: { reference } }), executor, undefined)!();
  expect(asked.length).toBeGreaterThan(5);
});

/** An executor whose steps take so many ms, that of the warm-up first, then the last one again and again. */
function stepsOf(...stepsMs: number[]): StepExecutor {
  const runStep: StepExecutor["runStep"] = ({ requests }) => {
    const isReference = requests.some(({ ids }) => ids?.length === 1);
    const ms = !isReference ? 1 : stepsMs.length > 1 ? stepsMs.shift()! : stepsMs[0]!;
    return Promise.resolve({
      startNs: 0,
      endNs: 1e6 * ms,
      tokens: new Map(),
      slotCopies: 0,
      peakRssBytes: 0,
      runtimeNs: 0,
    });
  };
  return { runStep } as unknown as StepExecutor;
}

test("the pace of steps is the median time of the reference step over what it took, without its warm-up", async () => {
  const steps = { ...measuredSteps, reference: { decodes: 2, context_tokens: 20, chunk_tokens: 8, ms: 200 } };
  const measurePace = await stepPaceOf(steps, stepsOf(9000, 400, 400, 300, 300));
  expect(await measurePace()).toBe(1.5);
});

test("at another pace every time of a step takes as much longer", () => {
  const { steps } = atPace({ ...profile, steps: measuredSteps }, 1.5);
  expect(steps!.terms.dense.map(({ coefficient_ns }) => coefficient_ns)).toEqual([15_000, 150]);
  expect([steps!.schedule, steps!.update.request_ns, steps!.cold_start_ns]).toEqual([{ base_ns: 600, request_ns: 15 }, 30, 10.5e6]); // prettier-ignore
  expect(steps!.jitter).toEqual(measuredSteps.jitter);
});

test("a profile without a reference has no pace", () => {
  expect(paceOf(withReference({}), executorOf([]).executor, undefined)).toBeUndefined();
});

const withPace = (pace: unknown): Run => ({ info: { pace }, requests: [], batches: [] }) as unknown as Run;

test("a run keeps the pace before it apart from the pace after it; earlier versions had a pair", () => {
  expect(paceAbout(withPace({ before: 1.1, after: 1.2 }))).toEqual({ before: 1.1, after: 1.2 });
  expect(paceAbout(withPace([1.1, 1.2]))).toEqual({ before: 1.1, after: 1.2 });
  expect([paceAbout(withPace(undefined)), paceAbout(withPace({ before: 0, after: 1 }))]).toEqual([
    undefined,
    undefined,
  ]);
  expect(paceBeside({ before: 1.1, after: 1.2 })).toBeCloseTo(1.15, 9);
});

test("the pace of several runs is the mean of those that know theirs", () => {
  const runs = [[1, 1.2], [1.3, 1.4], undefined].map(withPace);
  expect(meanPace(runs)!.before).toBeCloseTo(1.15, 12);
  expect(meanPace(runs)!.after).toBeCloseTo(1.3, 12);
  expect(meanPace(runs.slice(2))).toBeUndefined();
});

test("a pace before the runs that would show is reported, and a change beside them separately", () => {
  const paces = (...pairs: [number, number][]) => pairs.map(([before, after]) => ({ before, after }));
  expect(describePace(paces([1.1, 1.1], [1.3, 1.3]))).toEqual([
    expect.stringMatching(/^just before .* 20 % slower .* simulated at the pace before it$/),
  ]);
  expect(describePace(paces([1, 1.4]))).toEqual([
    expect.stringMatching(/^during .* 20 % slower than just before them, .* about as much too short$/),
  ]);
  expect(describePace(paces([1, 0.8]))[0]).toMatch(/10 % faster than just before them, .* too long$/);
  expect([describePace([]), describePace(paces([1.02, 1.03]))]).toEqual([[], []]);
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
