/**
 * Replays scenarios of the format `naive-dynamic-golden/1`, recorded from the original suite's scheduler classes in
 * virtual time, and compares every batch (start, end, members, limit) and every answer's time to the microsecond.
 * A batch of B costs cost_ms[0] + cost_ms[1]*B and peaks at memory[0] + memory[1]*B of the total.
 */
import { z } from "zod";
import { check, defined, type WorkloadRequest } from "../../formats/index.js";
import { planBatchPolicy, simulate, type CostModel } from "../../sim/index.js";
import type { GoldenReport } from "./report.js";

const pair = z.tuple([z.number(), z.number()]);
const ms = z.number().nonnegative();

const scenarioSchema = z.strictObject({
  config: z.looseObject({
    name: z.string(),
    policy: z.enum(["naive", "dynamic"]),
    cost_ms: pair,
    memory: pair.optional(),
    max_concurrency: z.int().nonnegative(),
    requests: z.int().nonnegative(),
    arrivals_ms: z.array(ms).optional(),
  }),
  batches: z.array(z.strictObject({ start_ms: ms, end_ms: ms, ids: z.array(z.int()), limit: z.int() })),
  finished_ms: z.array(ms),
});

export const naiveDynamicGolden = z.strictObject({
  format: z.literal("naive-dynamic-golden/1"),
  scenarios: z.array(scenarioSchema),
});

type Scenario = z.output<typeof scenarioSchema>;

/** Replays a whole file; the first difference is described in full. */
export function replayNaiveDynamic(file: unknown, source: string): GoldenReport {
  const { scenarios } = check(naiveDynamicGolden, file, { source });
  const report = { scenarios: scenarios.length, identicalScenarios: 0, events: 0, identicalEvents: 0 };
  let firstDifference: string | undefined;
  for (const scenario of scenarios) {
    const differences = compareScenario(scenario, source);
    report.events += scenario.batches.length + scenario.finished_ms.length;
    report.identicalEvents += scenario.batches.length + scenario.finished_ms.length - differences.length;
    if (differences.length === 0) report.identicalScenarios++;
    else firstDifference ??= `scenario ${scenario.config.name}: ${differences[0]!}`;
  }
  return { ...report, ...defined({ firstDifference }) };
}

function compareScenario(scenario: Scenario, source: string): string[] {
  const { config } = scenario;
  const settings = Object.fromEntries(Object.entries(config).filter(([key]) => settingNames.includes(key)));
  const reference = config.policy === "dynamic" ? { sla: "reference" } : {};
  const plan = planBatchPolicy(config.policy, { ...settings, ...reference }, { source: `${source}: ${config.name}` });
  const machine = { totalBytes: 1, baseBytes: 0, kvBytesPerToken: 1, positions: Infinity };
  const requests = Array.from({ length: config.requests }, (_, index): WorkloadRequest => {
    const arrivalMs = config.arrivals_ms?.[index];
    const arrival = arrivalMs === undefined ? {} : { arrivalNs: Math.round(arrivalMs * 1e6) };
    return { id: String(index), promptTokens: 1, outputTokens: 1, ...arrival };
  });
  const maxConcurrency = config.max_concurrency === 0 ? Infinity : config.max_concurrency;
  const result = simulate({
    workload: { requests, maxConcurrency, thinkNs: 0 },
    policy: plan.create(machine),
    cost: affineCost(config.cost_ms, config.memory ?? [0, 0]),
  });
  const batches = result.batches.map(({ batchId, startNs, endNs, limit }) => {
    const ids = result.requests.flatMap((request, index) => (request.batchId === batchId ? [index] : []));
    return `start ${us(startNs / 1e6)} end ${us(endNs / 1e6)} ids ${ids.join(",")} limit ${limit}`;
  });
  const wantedBatches = scenario.batches.map(
    ({ start_ms, end_ms, ids, limit }) => `start ${us(start_ms)} end ${us(end_ms)} ids ${ids.join(",")} limit ${limit}`,
  );
  const finished = result.requests.map(({ lastTokenNs }) => us(lastTokenNs! / 1e6));
  return [
    ...differences("batch", batches, wantedBatches),
    ...differences("finished_ms of request", finished, scenario.finished_ms.map(us)),
  ];
}

const settingNames = [
  "batch_size",
  "timeout_s",
  "min_batch_size",
  "max_batch_size",
  "max_time_wait_s",
  "memory_threshold",
];

function differences(what: string, got: readonly string[], expected: readonly string[]): string[] {
  return Array.from({ length: Math.max(got.length, expected.length) }, (_, at) => at)
    .filter((at) => got[at] !== expected[at])
    .map((at) => `${what} ${at}: got ${got[at] ?? "nothing"}, expected ${expected[at] ?? "nothing"}`);
}

function us(milliseconds: number): string {
  return `${(Math.round(milliseconds * 1e3) / 1e3).toFixed(3)} ms`;
}

function affineCost(costMs: readonly [number, number], memory: readonly [number, number]): CostModel {
  return {
    totalBytes: 1,
    batch: ({ rows }) => ({
      prefillNs: Math.round((costMs[0] + costMs[1] * rows) * 1e6),
      decodeNs: 0,
      peakBytes: memory[0] + memory[1] * rows,
    }),
  };
}
