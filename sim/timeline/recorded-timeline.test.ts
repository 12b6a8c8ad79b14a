import { readFileSync } from "node:fs";
import fc from "fast-check";
import {
  listedId,
  profileSchema,
  type Load,
  type Run,
  type ScheduledStepRecord,
  type Workload,
} from "../../formats/index.js";
import { recordedCounts, simulateRun, type ObservedPass } from "../engine/index.js";
import { planPolicy } from "../policy/index.js";
import { recordedTimeline } from "./recorded-timeline.js";
import { simulatedTimeline } from "./simulated-timeline.js";

const profile = profileSchema.parse(JSON.parse(readFileSync("profiles/h100-llama-3.1-8b-vllm-0.26.json", "utf8")));

function inputOf(settings: object, workload: Workload) {
  const plan = planPolicy("vllm", settings, { source: "scene" });
  return { plan, profile, workload, load: { num_prompts: 1 } as Load, seed: "1", coldStart: false };
}

/** A run as if it had been recorded while it was simulated. */
function recorded(input: ReturnType<typeof inputOf>): Run {
  const steps: ScheduledStepRecord[] = [];
  const id = (index: number): string => listedId(input.workload.requests[index]!.id);
  let freeNs = 0;
  const scheduled = ({ step, startNs, assignments, gpuNs, gpuEndNs, ...counts }: ObservedPass): void => {
    const computed = step.scheduledTokens > 0;
    const { running, waiting, freeBlocks } = counts;
    steps.push({
      ...recordedCounts(step),
      ...{ scheduleStartNs: startNs, scheduleEndNs: startNs, running, waiting, waitingBefore: waiting, freeBlocks },
      prefillChunks: assignments
        .filter(({ prefills }) => prefills)
        .map(({ index, tokens, past }) => `${id(index)}:${tokens}:${past}`)
        .join(";"),
      preemptedIds: step.preempted.map(id).join(";"),
      ...(computed ? { computeStartNs: Math.max(freeNs, gpuEndNs - gpuNs), computeEndNs: gpuEndNs } : {}),
    });
    if (computed) freeNs = gpuEndNs;
  };
  const nothing = (): void => undefined;
  const observer = { queued: nothing, taken: nothing, scheduled, sent: nothing };
  const run = simulateRun({ ...input, engine: "step", observe: () => observer });
  return { ...run, requests: run.requests, steps };
}

const scenes = fc.record({
  settings: fc.constantFrom(
    {},
    { num_gpu_blocks: 40, max_model_len: 500, max_num_batched_tokens: 512 },
    {
      num_gpu_blocks: 60,
      max_model_len: 500,
      max_num_batched_tokens: 70,
      max_num_seqs: 60,
      enable_prefix_caching: false,
    },
  ),
  drawn: fc.array(
    fc.record({
      gapNs: fc.constantFrom(0, 1e6, 4e7),
      promptTokens: fc.integer({ min: 1, max: 300 }),
      outputTokens: fc.integer({ min: 1, max: 150 }),
    }),
    { minLength: 1, maxLength: 30 },
  ),
});

test("the records of a run's steps tell the same timeline as watching it", () => {
  let preempted = 0;
  fc.assert(
    fc.property(scenes, ({ settings, drawn }) => {
      let arrivalNs = 0;
      const requests = drawn.map(({ gapNs, ...lengths }, index) => ({
        ...{ id: `r:${index}`, ...lengths },
        arrivalNs: (arrivalNs += gapNs),
      }));
      const input = inputOf(settings, { requests, maxConcurrency: Infinity, thinkNs: 0 });
      const watched = simulatedTimeline(input);
      expect(recordedTimeline(recorded(input))).toEqual(watched);
      preempted += watched.requests.filter(({ phases }) => phases.some(({ phase }) => phase === "preempted")).length;
    }),
    { numRuns: 40, seed: 18 },
  );
  expect(preempted).toBeGreaterThan(15);
});

test("requests of which a stopped run has no record are left out", () => {
  const requests = Array.from({ length: 6 }, (_, index) => ({
    ...{ id: `${index}`, promptTokens: 50, outputTokens: 9, arrivalNs: 0 },
  }));
  const run = recorded(inputOf({}, { requests, maxConcurrency: Infinity, thinkNs: 0 }));
  const some = recordedTimeline({ ...run, requests: run.requests.slice(2, 4) });
  expect(some.requests).toEqual(recordedTimeline(run).requests.slice(2, 4));
});
