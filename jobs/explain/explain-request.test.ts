import { loadSchema, type Workload } from "../../formats/index.js";
import { readProfile } from "../../formats/files/index.js";
import { simulateOutcome } from "../../sim/index.js";
import { inputOf, type Scenario } from "../scenario/index.js";
import { explainRequest } from "./explain-request.js";

const workload: Workload = {
  requests: [60, 60, 60, 1].map((outputTokens, index) => ({
    id: `r${index}`,
    promptTokens: 100,
    outputTokens,
    arrivalNs: index * 1e6,
  })),
  maxConcurrency: Infinity,
  thinkNs: 0,
};

/** Two slots for four requests. */
function scenarioOf(more: object = {}): Scenario {
  return {
    policy: { name: "vllm", settings: { max_num_seqs: 2, ...more } },
    profile: readProfile("profiles/h100-llama-3.1-8b-vllm-0.26.json"),
    load: loadSchema.parse({}),
    content: { kind: "fixed", workload },
    seed: "1",
    jitter: true,
    engine: "fast",
    replicas: 1,
    router: "round-robin",
  };
}

test("the latencies of a request are those of the run, and their parts add up to them", () => {
  const scenario = scenarioOf();
  const { table } = simulateOutcome(inputOf(scenario, { seed: "1", draw: null }));
  const { latencies, ...about } = explainRequest(scenario, "r2");
  expect(about).toMatchObject({ request_id: "r2", prompt_tokens: 100, output_tokens: 60, arrival_ms: 2 });
  const [ttft, tpot, e2el] = latencies;
  expect(ttft!.value_ms).toBeCloseTo((table.firstTokenNs[2]! - table.arrivalNs[2]!) / 1e6, 6);
  expect(tpot!.value_ms).toBeCloseTo((table.lastTokenNs[2]! - table.firstTokenNs[2]!) / 59e6, 6);
  expect(e2el!.value_ms).toBeCloseTo((table.lastTokenNs[2]! - table.arrivalNs[2]!) / 1e6, 6);
  for (const { parts, value_ms } of latencies) {
    expect(Object.values(parts).reduce((sum, ms) => sum + ms, 0)).toBeCloseTo(value_ms, 5);
  }
});

test("one that waits for a slot says so, and that it is slower than those that had one", () => {
  const [ttft] = explainRequest(scenarioOf(), "r2").latencies;
  expect(ttft!.parts.seats! / ttft!.value_ms).toBeGreaterThan(0.8);
  expect(ttft!.slower_than).toBeGreaterThanOrEqual(0.5);
  expect(explainRequest(scenarioOf(), "r0").latencies[0]!.parts).not.toHaveProperty("seats");
});

test("an answer of one token has no time per output token", () => {
  expect(explainRequest(scenarioOf(), "r3").latencies.map(({ metric }) => metric)).toEqual(["ttft", "e2el"]);
});

test("an id that no request has, and a request without an answer, are named", () => {
  expect(() => explainRequest(scenarioOf(), "r9")).toThrow(
    /--request r9: no request of the run has that id; its 4 requests are "r0" to "r3"/,
  );
  const rejecting = scenarioOf({ max_model_len: 120 });
  expect(() => explainRequest(rejecting, "r0")).toThrow(/--request r0: it got no answer \(refused: /);
});
