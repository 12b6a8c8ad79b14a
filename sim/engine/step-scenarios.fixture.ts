/** Scenarios that the tests of continuous batching draw: workloads, limits and costs, small, so that everything runs short. */
import fc from "fast-check";
import type { ContentRuns, Profile, VllmEngineCost, Workload, WorkloadRequest } from "../../formats/index.js";
import { stepCostOf, type StepCostModel } from "../cost/index.js";
import { DEFAULT_VERSION, rulesOf, type SchedulerLimits } from "../policy/index.js";
import { roomy } from "../policy/vllm/scenario.fixture.js";

/** Room for everything; `change` replaces parts. */
export function roomyLimits(change: Partial<SchedulerLimits> = {}): SchedulerLimits {
  return { ...roomy, maxNumSeqs: 64, maxNumBatchedTokens: 2048, maxModelLen: 4096, ...change };
}

/** Small pools and budgets, so that requests wait, are cut, preempted and rejected. No prefix cache. */
export const tightLimits: fc.Arbitrary<SchedulerLimits> = fc
  .record({
    rules: fc.constantFrom("0.28.0", DEFAULT_VERSION).map(rulesOf),
    asyncScheduling: fc.boolean(),
    maxNumSeqs: fc.integer({ min: 1, max: 8 }),
    maxNumActiveSeqs: fc.constantFrom(undefined, undefined, 1),
    maxNumBatchedTokens: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 40, max: 200 })),
    blockSize: fc.constantFrom(1, 4, 16),
    poolTokens: fc.oneof(fc.integer({ min: 60, max: 250 }), fc.integer({ min: 60, max: 250 }), fc.constant(6000)),
    maxModelLen: fc.oneof(fc.integer({ min: 20, max: 100 }), fc.constant(1000), fc.constant(1000)),
    chunkedPrefill: fc.boolean(),
    prefixCaching: fc.constant(false),
    longPrefillTokenThreshold: fc.constantFrom(0, 0, 7, 30),
    adaptivePrefillCap: fc.boolean(),
    schedulingPolicy: fc.constantFrom("fcfs" as const, "priority" as const),
    watermark: fc.constantFrom(0, 0.05, 0.2),
    reserveFullIsl: fc.boolean(),
  })
  .map(({ poolTokens, ...rest }) => ({ ...rest, numGpuBlocks: 1 + Math.ceil(poolTokens / rest.blockSize) }));

/** Gaps of bursts (0), of traffic and of idle spells, for steps of some hundred ns; `scale` stretches them. */
function gaps(scale: number): fc.Arbitrary<number> {
  const upTo = (max: number): fc.Arbitrary<number> => fc.integer({ min: 0, max: max * scale });
  return fc.oneof(fc.constant(0), upTo(2000), upTo(50_000));
}

/** Open, closed and both combined; prompts of three families share prefixes. */
export function stepWorkloads(scale = 1): fc.Arbitrary<Workload> {
  const request = fc.record({
    gapNs: gaps(scale),
    shared: fc.nat(30),
    family: fc.nat(2),
    own: fc.integer({ min: 1, max: 25 }),
    outputTokens: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 60 })),
    priority: fc.nat(2),
    hasContent: fc.boolean(),
  });
  return fc
    .record({
      drawn: fc.array(request, { minLength: 1, maxLength: 24 }),
      isTimed: fc.boolean(),
      isBounded: fc.boolean(),
      concurrency: fc.integer({ min: 1, max: 10 }),
      thinkNs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 3000 * scale })),
    })
    .map(({ drawn, isTimed, isBounded, concurrency, thinkNs }) => {
      let arrivalNs = 0;
      const requests = drawn.map((of, index): WorkloadRequest => {
        arrivalNs += of.gapNs;
        const content: ContentRuns = [
          [of.family, of.shared],
          [10 + (index % 4), of.own],
        ];
        return {
          id: String(index),
          promptTokens: of.shared + of.own,
          outputTokens: of.outputTokens,
          priority: of.priority,
          ...(of.hasContent ? { content } : {}),
          ...(isTimed ? { arrivalNs } : {}),
        };
      });
      return { requests, maxConcurrency: isBounded || !isTimed ? concurrency : Infinity, thinkNs };
    });
}

const ns = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 3000 }), fc.integer({ min: 0, max: 300_000 }));
const growing = fc.record({ base_ns: ns, request_ns: fc.nat(300) });

const engineParts = fc.record({
  gpu: fc.record({
    decode_base_ns: fc.oneof(ns, fc.double({ min: 0, max: 1e5, noNaN: true })),
    decode_padded_token_ns: fc.nat(200),
    context_token_ns: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 50, noNaN: true })),
    prefill_base_ns: ns,
    prefill_padded_token_ns: fc.nat(500),
    attention_pair_ns: fc.double({ min: 0, max: 5, noNaN: true }),
    decode_factors: fc.option(
      fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 130 }), fc.double({ min: 0.1, max: 10, noNaN: true })), {
        selector: ([tokens]) => tokens,
        minLength: 1,
        maxLength: 4,
      }),
      { nil: undefined },
    ),
  }),
  host: fc.record({
    schedule: growing,
    update: growing,
    launch_full_graph: growing,
    launch_piecewise: growing,
    launch_no_graph: growing,
    launch_lead: fc.constantFrom(0, 0.074, 0.5, 1),
    copy_ns: ns,
    send_ns: ns,
    take_request_ns: fc.nat(500),
    wake_ns: fc.nat(2000),
    empty_step_sleep_ns: fc.constantFrom(0, 1000, 1e6),
  }),
  front_end: fc.option(
    fc.record({
      accept_ns: fc.nat(3000),
      request_ns: ns,
      request_token_ns: fc.nat(100),
      request_hops: fc.nat(6),
      request_hop_ns: fc.nat(5000),
      request_hop_gap_ns: fc.constantFrom(0, 300, 7000),
      output_ns: ns,
      output_token_ns: fc.nat(500),
      chunk_ns: fc.nat(500),
      first_chunk_ns: fc.nat(5000),
      delivery_ns: fc.nat(3000),
      first_wait_token_ns: fc.nat(1000),
    }),
    { nil: undefined },
  ),
  maxNumSeqs: fc.constantFrom(2, 4, 128),
});

/** Costs of a vLLM engine with every part drawn, from free to dominant; with and without a front end. */
export const engineCosts: fc.Arbitrary<() => StepCostModel> = engineParts.map(
  ({ maxNumSeqs, front_end, gpu: { decode_factors, ...gpu }, host }) => {
    const factors = decode_factors?.sort(([a], [b]) => a - b);
    return stepCosts(
      {
        gpu: { ...gpu, ...(factors === undefined ? {} : { decode_factors: factors }) },
        host,
        ...(front_end === undefined ? {} : { front_end }),
      },
      maxNumSeqs,
    );
  },
);

function stepCosts(parts: Omit<VllmEngineCost, "kind">, maxNumSeqs: number): () => StepCostModel {
  const profile = engineProfile({ kind: "vllm_engine", ...parts });
  return () =>
    stepCostOf(profile, { coldStart: false, maxNumSeqs, maxNumBatchedTokens: 2048, rules: rulesOf(DEFAULT_VERSION) });
}

/** A profile with those costs; the rest is made up. */
function engineProfile(cost: Profile["cost"]): Profile {
  return {
    version: 1,
    name: "drawn",
    source: "made up",
    machine: {},
    model: { name: "m", layers: 1, width: 1, heads: 1, vocab: 1, positions: 4096, parameters: 1, dtype: "fp32" },
    engine: { name: "vllm", version: "1", settings: {} },
    cost,
    memory: { total_bytes: 1e6, base_bytes: 0, terms: [], kv_bytes_per_token: 1, arena_keeps_peak: false },
    range: { batch: [1, 64], prompt_tokens: [1, 2048], context_tokens: [1, 4096] },
  };
}
