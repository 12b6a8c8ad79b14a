/** Random simulations of continuous batching, small enough to step through, in every corner of settings and costs. */
import fc from "fast-check";
import {
  defined,
  type CostTerm,
  type EngineJitter,
  type Profile,
  type VllmEngineCost,
  type Workload,
  type WorkloadRequest,
} from "../../formats/index.js";
import {
  replicaStream,
  routerNames,
  rulesOf,
  stepCostOf,
  type RouterName,
  type SchedulerLimits,
} from "../../sim/index.js";

export interface FastCase {
  readonly limits: SchedulerLimits;
  readonly workload: Workload;
  readonly cost: Profile["cost"];
  readonly coldStart: boolean;
  /** Whether times are drawn, where the cost has a jitter. */
  readonly jitter: boolean;
  readonly replicas: number;
  readonly router: RouterName;
  readonly routerBeta: number | undefined;
}

const upTo = (max: number): fc.Arbitrary<number> => fc.integer({ min: 0, max });
const from1 = (max: number): fc.Arbitrary<number> => fc.integer({ min: 1, max });
const fraction = fc.double({ min: 0, max: 1, noNaN: true });
/** Zero, far apart, and so close that regimes change. */
const ns = (max: number): fc.Arbitrary<number> => fc.oneof(fc.constant(0), upTo(max), upTo(Math.ceil(max / 50)));

const limitsButPool: fc.Arbitrary<Omit<SchedulerLimits, "numGpuBlocks">> = fc
  .record({
    rules: fc.constantFrom("0.23.0", "0.28.0", "0.29.0", "0.31.0").map(rulesOf),
    asyncScheduling: fc.boolean(),
    maxNumSeqs: fc.oneof(from1(4), from1(16)),
    maxNumActiveSeqs: fc.oneof(fc.constant(undefined), from1(6)),
    maxNumScheduledTokens: fc.oneof(fc.constant(undefined), from1(40), from1(400)),
    maxNumBatchedTokens: fc.oneof(from1(40), from1(400)),
    blockSize: fc.constantFrom(1, 2, 4, 16),
    maxModelLen: fc.constantFrom(150, 100_000, 100_000, 100_000),
    chunkedPrefill: fc.constantFrom(true, true, false),
    prefixCaching: fc.boolean(),
    longPrefillTokenThreshold: fc.oneof(fc.constant(0), from1(40)),
    adaptivePrefillCap: fc.boolean(),
    schedulingPolicy: fc.constantFrom("fcfs", "priority"),
    watermark: fc.oneof(fc.constant(0), fc.constantFrom(0.05, 0.3)),
    reserveFullIsl: fc.boolean(),
    maxNumQueuedReqs: fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, from1(8)),
    maxNumQueuedTokens: fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, from1(400)),
  })
  .map((drawn) => ({ ...drawn, maxNumSeqs: Math.min(drawn.maxNumSeqs, drawn.maxNumBatchedTokens) }));

/** KV blocks as a multiple of what the largest request needs: too few for it, tight, roomy. */
const poolFactor = fc.constantFrom(0.6, 1, 1, 1.2, 1.5, 2, 3, 5, 1000);

interface DrawnRequest {
  readonly gapNs: number;
  readonly promptTokens: number;
  readonly outputTokens: number;
  readonly priority: number;
  readonly prefix: number;
  readonly prefixTokens: number;
  readonly after: number | undefined;
  readonly isWhole: boolean;
  /** Tokens of its own limit beyond where it ends by itself. */
  readonly spare: number | undefined;
}

const requests: fc.Arbitrary<DrawnRequest[]> = fc.array(
  fc.record({
    gapNs: fc.oneof(fc.constant(0), upTo(3_000), upTo(300_000), upTo(10_000_000)),
    promptTokens: fc.oneof(from1(8), from1(60), from1(250)),
    outputTokens: fc.oneof(from1(3), from1(30), from1(120)),
    priority: fc.constantFrom(0, 0, 1, 2),
    prefix: upTo(2),
    prefixTokens: upTo(120),
    /** Of sessions: the earlier request that it goes on from, and whether from the whole of it. */
    after: fc.option(upTo(23), { nil: undefined, freq: 4 }),
    isWhole: fc.boolean(),
    spare: fc.option(fc.oneof(upTo(3), upTo(60), fc.constant(Infinity)), { nil: undefined, freq: 2 }),
  }),
  { minLength: 1, maxLength: 24 },
);

const workloads: fc.Arbitrary<Workload> = fc
  .record({
    drawn: requests,
    loop: fc.constantFrom("open", "closed", "both", "sessions", "timed sessions"),
    concurrency: from1(8),
    thinkNs: ns(500_000),
    hasContent: fc.boolean(),
    hasLimits: fc.constantFrom(false, false, true),
    hasAnswers: fc.boolean(),
  })
  .map(({ drawn: all, loop, concurrency, thinkNs, hasContent, hasLimits, hasAnswers }) => {
    const drawn = hasLimits ? all : all.map((request) => ({ ...request, spare: undefined }));
    if (loop === "sessions" || loop === "timed sessions") return sessionsOf(drawn, loop, concurrency);
    let arrivalNs = 0;
    const list = drawn.map((request, index): WorkloadRequest => {
      const { gapNs, promptTokens, outputTokens, priority, prefix, prefixTokens, spare } = request;
      arrivalNs += gapNs;
      const shared = Math.min(prefixTokens, promptTokens);
      const runs = [
        [prefix, shared],
        [100 + index, promptTokens - shared],
      ] as const;
      return {
        id: String(index),
        promptTokens,
        outputTokens,
        priority,
        ...(loop === "closed" ? {} : { arrivalNs }),
        ...(hasContent ? { content: runs.filter(([, tokens]) => tokens > 0) } : {}),
        // Answers like prompts, which others may look for before they end.
        ...(hasContent && hasAnswers ? { answer: [[prefix, outputTokens]] as const } : {}),
        ...defined({ maxTokens: spare === undefined ? undefined : outputTokens + spare }),
      };
    });
    return { requests: list, maxConcurrency: loop === "open" ? Infinity : concurrency, thinkNs };
  });

/** Trees of turns: each goes on from the whole of an earlier one or from a part of it, a pause after its answer. */
function sessionsOf(drawn: readonly DrawnRequest[], loop: string, concurrency: number): Workload {
  const isTimed = loop === "timed sessions";
  const list: WorkloadRequest[] = [];
  let [arrivalNs, count] = [0, 0];
  for (const [
    index,
    { gapNs, outputTokens, priority, prefix, prefixTokens, after, isWhole, promptTokens, spare },
  ] of drawn.entries()) {
    const limit = defined({ maxTokens: spare === undefined ? undefined : outputTokens + spare });
    const answer = [[101 + 2 * index, outputTokens]] as const;
    const parent = after === undefined || index === 0 ? undefined : after % index;
    if (parent === undefined) {
      arrivalNs += gapNs;
      const shared = Math.min(prefixTokens, promptTokens - 1);
      const content = ([[prefix, shared], [100 + 2 * index, promptTokens - shared]] as const).filter(([, run]) => run > 0); // prettier-ignore
      const turn = { session: count++, turn: 0, pauseNs: 0 };
      const id = String(index);
      const arrival = isTimed ? { arrivalNs } : {};
      list.push({ id, promptTokens, outputTokens, priority, content, answer, turn, ...arrival, ...limit });
      continue;
    }
    const before = list[parent]!;
    const whole = before.promptTokens + before.outputTokens;
    const tokens = isWhole ? whole : Math.min(prefixTokens, whole);
    const follows = tokens > 0 ? { follows: { index: parent, tokens } } : {};
    const turn = { session: before.turn!.session, turn: index, after: parent, pauseNs: gapNs };
    const content = [[100 + 2 * index, promptTokens]] as const;
    list.push({
      id: String(index),
      promptTokens: tokens + promptTokens,
      outputTokens,
      priority,
      content,
      answer,
      turn,
      ...follows,
      ...limit,
    });
  }
  const maxConcurrent = isTimed && concurrency > 4 ? Infinity : concurrency;
  return { requests: list, maxConcurrency: Infinity, thinkNs: 0, sessions: { count, maxConcurrent } };
}

const coefficient = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 40, noNaN: true }), upTo(2_000));
const knot = fc.oneof(fc.constant(undefined), from1(1_500));

const contextTerms: fc.Arbitrary<CostTerm[]> = fc
  .record({ basis: fc.constantFrom("context_tokens", "kv_tokens"), at: knot, below: coefficient, above: coefficient })
  .map(({ basis, at, below, above }): CostTerm[] => {
    if (at === undefined) return [{ basis, coefficient_ns: below }];
    return [
      { basis, upto: at, coefficient_ns: below },
      { basis, beyond: at, coefficient_ns: above },
    ];
  });

const staticCost: fc.Arbitrary<Profile["cost"]> = fc
  .record({
    base: ns(30_000),
    row: coefficient,
    token: coefficient,
    pair: coefficient,
    context: contextTerms,
    cold: ns(1e6),
  })
  .map(({ base, row, token, pair, context, cold }) => ({
    kind: "static_batch",
    prefill: [
      { basis: "base", coefficient_ns: base },
      { basis: "tokens", coefficient_ns: token },
      { basis: "attention_pairs", coefficient_ns: pair / 100 },
    ],
    decode_step: [{ basis: "base", coefficient_ns: base / 2 }, { basis: "rows", coefficient_ns: row }, ...context],
    dispatch_ns: 0,
    cold_start_ns: cold,
  }));

const perStep = (max: number): fc.Arbitrary<{ base_ns: number; request_ns: number }> =>
  fc.record({ base_ns: ns(max), request_ns: ns(max / 20) });

const launch = fc
  .record({
    cost: perStep(60_000),
    lead: fc.option(fraction, { nil: undefined }),
    power: fc.constantFrom(undefined, undefined, 3.5),
  })
  .map(({ cost, lead, power }) => ({
    ...cost,
    ...defined({ lead, overlap_power: power }),
  }));

const frontEnd = fc.record({
  request_ns: ns(20_000),
  request_token_ns: coefficient,
  request_hops: upTo(4),
  request_hop_ns: ns(5_000),
  request_hop_gap_ns: fc.oneof(fc.constant(0), ns(5_000)),
  output_ns: ns(20_000),
  output_token_ns: ns(2_000),
  chunk_ns: ns(2_000),
  first_chunk_ns: ns(5_000),
  accept_ns: ns(3_000),
  delivery_ns: ns(3_000),
  // Up to many steps of waiting.
  first_wait_token_ns: fc.oneof(ns(1_000), ns(30_000)),
});

/** Quantiles of a time over its mean; all that is wider than a few steps comes with a shared pace or states. */
const variation = fc.constantFrom<EngineJitter["schedule"]>(
  undefined,
  { quantiles: [[0, 0.9], [0.5, 1], [1, 1.2]] }, // prettier-ignore
  { quantiles: [[0, 0.2], [0.5, 0.6], [0.99, 2], [1, 30]] }, // prettier-ignore
);
const states = fc.constantFrom<EngineJitter["host_states"]>(
  [],
  [{ share: 0.6, memory_ns: 40_000 }, { share: 0.2, memory_ns: 9_000_000 }], // prettier-ignore
  [{ share: 1, memory_ns: 3_000 }],
);
const pace = fc
  .record({ variation, states })
  .map(({ variation: of, states: by }) => (of === undefined || by.length === 0 ? undefined : { ...of, states: by }));

const jitters: fc.Arbitrary<EngineJitter> = fc
  .record({
    schedule: variation,
    update: variation,
    launch_full_graph: variation,
    launch_piecewise: variation,
    launch_no_graph: variation,
    gpu: variation,
    request: variation,
    output: variation,
    pace,
    host_states: states,
    interrupted_share: fc.constantFrom(undefined, 0.05, 0.5),
    output_stall: fc.constantFrom(undefined, { token_probability: 0.02, mean_ns: 300_000 }),
    run_spread: fc.constantFrom(null, 0, 0.2),
  })
  .map((drawn) => {
    const known = Object.entries(drawn).filter(([, value]) => value !== undefined);
    return Object.fromEntries(known) as EngineJitter;
  });

/** Half of them absent. */
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined, freq: 2 }); // prettier-ignore

const gpu = fc
  .record({
    decode_base_ns: ns(60_000),
    decode_padded_token_ns: ns(3_000),
    context_token_ns: coefficient,
    prefill_base_ns: ns(60_000),
    prefill_padded_token_ns: coefficient,
    attention_pair_ns: fc.constantFrom(0, 0.3, 7),
    mixed_base_ns: maybe(ns(90_000)),
    decode_factors: fc.constantFrom<VllmEngineCost["gpu"]["decode_factors"]>(undefined, [[2, 1], [9, 1.7]]), // prettier-ignore
    experts: fc.constantFrom(undefined, undefined, { total: 8, active: 2, all_ns: 40_000 }),
    large_graph: fc.constantFrom(undefined, undefined, { beyond: 4, upto: 24, extra_ns: 30_000 }),
  })
  .map(({ mixed_base_ns, decode_factors, experts, large_graph, ...rest }) => ({
    ...rest,
    ...defined({ mixed_base_ns, decode_factors, experts, large_graph }),
  }));

const calls = (max: number) =>
  fc
    .record({ cost: perStep(max), first: fc.constantFrom(undefined, undefined, { upto: 3, request_ns: 700 }) })
    .map(({ cost, first }) => ({ ...cost, ...defined({ first_requests: first }) }));

const host = fc
  .record({
    schedule: calls(10_000),
    prefillNs: maybe(ns(2_000)),
    update: calls(10_000),
    launch_full_graph: launch,
    launch_piecewise: launch,
    launch_no_graph: launch,
    launch_lead: fraction,
    recency: fc.constantFrom(undefined, { share: 0.4, memory_ns: 50_000 }),
    copy_ns: ns(20_000),
    send_ns: ns(5_000),
    take_request_ns: ns(2_000),
    wake_ns: ns(5_000),
    empty_step_sleep_ns: ns(100_000),
  })
  .map(({ schedule, prefillNs, recency, ...rest }) => ({
    ...rest,
    schedule: { ...schedule, ...defined({ prefill_request_ns: prefillNs }) },
    ...defined({ launch_recency: recency }),
  }));

const engineCost: fc.Arbitrary<VllmEngineCost> = fc
  .record({ gpu, host, front_end: maybe(frontEnd), jitter: fc.option(jitters, { nil: undefined, freq: 2 }) })
  .map(({ front_end, jitter, ...rest }) => ({ kind: "vllm_engine", ...rest, ...defined({ front_end, jitter }) }));

/** As calibrated profiles are: a front end, and times that share the pace of the host, which the compiled engine takes. */
const pacedCost: fc.Arbitrary<VllmEngineCost> = fc
  .record({ gpu, host, front_end: frontEnd, jitter: jitters, pace: pace.filter((drawn) => drawn !== undefined) })
  .map(({ pace: drawn, jitter, ...rest }) => ({ kind: "vllm_engine", ...rest, jitter: { ...jitter, pace: drawn } }));

export const fastCases: fc.Arbitrary<FastCase> = fc
  .record({
    limits: limitsButPool,
    poolFactor,
    workload: workloads,
    cost: fc.oneof(staticCost, engineCost, pacedCost, pacedCost),
    coldStart: fc.boolean(),
    jitter: fc.constantFrom(true, true, false),
    replicas: fc.constantFrom(1, 1, 1, 2, 3),
    router: fc.constantFrom(...routerNames),
    routerBeta: fc.constantFrom(undefined, 0, 0.1, 5),
  })
  .map(({ limits, poolFactor: factor, ...rest }) => {
    const tokens = Math.max(...rest.workload.requests.map((r) => r.promptTokens + r.outputTokens - 1));
    const largest = Math.ceil(tokens / limits.blockSize);
    return { ...rest, limits: { ...limits, numGpuBlocks: Math.max(2, Math.ceil(factor * largest) + 1) } };
  });

/** Step costs of a replica of a case: its cost in an otherwise bare profile. */
export function stepCost(
  { cost, coldStart, jitter, limits }: FastCase,
  replica: number,
): ReturnType<typeof stepCostOf> {
  const profile = {
    cost,
    engine: { settings: {} },
    range: {
      batch: [2, 4],
      prompt_tokens: [1, 50],
      context_tokens: [9, 60],
      step_tokens: [3, 40],
      prefill_tokens: [5, 50],
      attention_pairs: [0, 500],
    },
  } as unknown as Profile;
  const { maxNumSeqs, maxNumBatchedTokens, rules } = limits;
  const jitterStream = jitter ? replicaStream("7", replica) : undefined;
  return stepCostOf(profile, { coldStart, maxNumSeqs, maxNumBatchedTokens, rules, jitterStream });
}
