/** What routers that go by prefixes gain, over the caches that the replicas really have. */
import { loadSchema, type Workload, type WorkloadRequest } from "../../formats/index.js";
import { vllmSchedulers } from "../policy/index.js";
import { routerNames, type RouterName } from "../router/index.js";
import { sessionsFromLoad, workloadFromSessions } from "../workload/index.js";
import { simulateSteps, type StepSimulationResult } from "./simulate-steps.js";
import type { EngineName } from "./step-simulation.js";
import { recordsOf } from "./log/step-records.js";
import { roomyLimits } from "./step-scenarios.fixture.js";
import { gpuOnly } from "./steps.conformance.js";

/** As examples/sessions.yaml, with fewer sessions. */
const load = loadSchema.parse({
  dataset_name: "sessions",
  ...{ num_sessions: 60, max_sessions: 20, sessions_system_len: 400, sessions_turns: 6, sessions_turns_cv: 0.3 },
  ...{ sessions_input_len: 100, sessions_input_cv: 0.5, sessions_output_len: 120, sessions_think_s: 4, sessions_think_cv: 1 }, // prettier-ignore
});
const conversations = workloadFromSessions(load, sessionsFromLoad(load, "1"), "1");

/** The same prompts without sessions: one request after the other, each written out. */
const strangers: Workload = {
  requests: Array.from({ length: 230 }, (_, index): WorkloadRequest => {
    const [topic, round] = [index % 23, Math.floor(index / 23)];
    const content = [[topic, 600], [1000 + index, 40]] as const; // prettier-ignore
    return { id: `${topic}/${round}`, arrivalNs: index * 40e6, promptTokens: 640, outputTokens: 30, content };
  }),
  maxConcurrency: Infinity,
  thinkNs: 0,
};

interface Asked {
  readonly workload?: Workload;
  readonly router: RouterName;
  readonly routerBeta?: number;
  readonly engine?: EngineName;
  readonly numGpuBlocks?: number;
}

/** Three replicas, 10 ms a step and 0.1 ms a prompt token. */
function simulated({ numGpuBlocks = 1000, ...asked }: Asked): StepSimulationResult {
  const limits = roomyLimits({ prefixCaching: true, maxModelLen: 16_384, maxNumBatchedTokens: 16_384, numGpuBlocks });
  return simulateSteps({
    ...{ workload: conversations, engine: "fast", replicas: 3, seed: "1" },
    policy: vllmSchedulers(limits),
    cost: () => gpuOnly({ fixedNs: 10e6, perTokenNs: 1e5 }),
    ...asked,
  });
}

/** Cached tokens over prompt tokens. */
function hitShare({ log }: StepSimulationResult): number {
  const sum = (column: ArrayLike<number>): number => Array.from(column).reduce((total, tokens) => total + tokens, 0);
  return sum(log.cachedTokens) / sum(log.promptTokens);
}

describe.each([
  ["conversations", conversations],
  ["prompts of 23 topics", strangers],
] as const)("with %s", (_, workload) => {
  const share = (router: RouterName): number => hitShare(simulated({ workload, router }));

  it("session-affinity and prefix-aware find far more in the caches than round-robin", () => {
    const inTurn = share("round-robin");
    expect(share("session-affinity")).toBeGreaterThan(inTurn + 0.1);
    expect(share("prefix-aware")).toBeGreaterThan(inTurn + 0.1);
  });

  it("prefix-aware finds fewer when beta lets the load decide", () => {
    const [few, many] = [1000, 0.5].map((routerBeta) => hitShare(simulated({ workload, router: "prefix-aware", routerBeta }))); // prettier-ignore
    expect(few).toBeLessThan(many! - 0.05);
  });

  it.each(routerNames)("both engines give the same under %s, in caches that are too small, too", (router) => {
    for (const numGpuBlocks of [150, 1000]) {
      const [fast, step] = (["fast", "step"] as const).map((engine) =>
        recordsOf(simulated({ workload, router, engine, numGpuBlocks }).log),
      );
      expect(fast).toEqual(step);
    }
  });
});

test("where nothing is known of prompts, prefix-aware and session-affinity do as least-outstanding does", () => {
  const requests = strangers.requests.map(({ id, arrivalNs, promptTokens, outputTokens }) => ({
    id,
    arrivalNs: arrivalNs!,
    promptTokens,
    outputTokens,
  }));
  const records = (router: RouterName): unknown => recordsOf(simulated({ workload: { ...strangers, requests }, router }).log); // prettier-ignore
  expect(records("prefix-aware")).toEqual(records("least-outstanding"));
  expect(records("session-affinity")).toEqual(records("least-outstanding"));
});

test("with beta 0 a beginning that all prompts share sends everything to one replica", () => {
  const { kvHighWater } = simulated({ router: "prefix-aware", routerBeta: 0 });
  expect(kvHighWater.filter((blocks) => blocks > 0)).toHaveLength(1);
});
