import type { ProbedServer } from "./probe-groups.js";
import { prefillLengths } from "./probe-groups.js";
import { MIN_REQUESTS } from "./probe-loads.js";
import type { Pace } from "./probe-pace.js";
import { probePlan } from "./probe-plan.js";

/** About an H100 with an 8B model. */
const gpu: Pace = { fixedMs: 20, prefillTokenMs: 0.025, decodeStepMs: 6.8, batch: 64, batchStepMs: 9 };
/** About two CPU cores with a small one. */
const cpu: Pace = { fixedMs: 15, prefillTokenMs: 0.25, decodeStepMs: 8, batch: 64, batchStepMs: 45 };

const large: ProbedServer = {
  maxNumSeqs: 128,
  maxNumBatchedTokens: 2048,
  maxModelLen: 4096,
  kvTokens: 28_982 * 16,
  largestGraph: 256,
};
const small: ProbedServer = { maxNumSeqs: 64, maxNumBatchedTokens: 2048, maxModelLen: 1024, kvTokens: 29_056 };

const budget = { budgetMs: 120_000, seed: "1", pauseMs: 50 };

test.each([
  ["large", large, gpu],
  ["small", small, cpu],
])("a plan for the %s server fits its budget and holds every kind of probe", (_, server, pace) => {
  const plan = probePlan(server, pace, budget);
  expect(plan.expectedMs).toBeLessThanOrEqual(budget.budgetMs);
  const labels = new Set(plan.groups.flatMap(({ requests }) => requests.map(({ label }) => label)));
  for (const kind of [/^prefill-p\d+-o1$/, /^decode-b1-c16$/, /^decode-b16-c256$/, /^mixed-b\d+$/]) {
    expect([...labels].some((label) => kind.test(label))).toBe(true);
  }
  expect(labels).toContain(`decode-b${server.maxNumSeqs}-c16`);
  expect(plan.loads.map(({ name }) => name)).toEqual(["mixed", "held-out", "held-out-busy"]);
});

test("labels say what the requests are", () => {
  for (const { requests } of probePlan(large, gpu, budget).groups) {
    for (const { label, promptTokens, outputTokens } of requests) {
      const [, prompt, output] = /^prefill-p(\d+)-o(\d+)$/.exec(label) ?? [];
      const [, batch, context] = /^decode-b(\d+)-c(\d+)$/.exec(label) ?? [];
      if (prompt !== undefined) expect([promptTokens, outputTokens]).toEqual([Number(prompt), Number(output)]);
      if (batch !== undefined) expect([requests.length, promptTokens]).toEqual([Number(batch), Number(context)]);
      expect(label).toMatch(/^(prefill-p\d+-o[12]|decode-b\d+-c\d+|mixed-b\d+|burst-\d+)$/);
    }
  }
});

test("a shorter budget drops the least informative first, and says what", () => {
  const whole = probePlan(large, gpu, { ...budget, budgetMs: 1e9 });
  expect(whole.dropped).toEqual([]);
  const short = probePlan(large, gpu, { ...budget, budgetMs: 40_000 });
  const kept = new Set(short.groups.map(({ name }) => name));
  const lost = whole.groups.filter(({ name }) => !kept.has(name));
  expect(lost.map(({ name }) => name).sort()).toEqual([...short.dropped].sort());
  expect(lost.length).toBeGreaterThan(0);
  expect(lost.every(({ tier }) => tier > 1)).toBe(true);
  const worstKept = Math.max(...short.groups.map(({ tier }) => tier));
  expect(lost.every(({ tier }) => tier >= worstKept)).toBe(true);
});

test("too short a budget is rejected with one that would do, and that one does", () => {
  const ask = (budgetMs: number): unknown => probePlan(small, cpu, { ...budget, budgetMs });
  let said = "";
  try {
    ask(5_000);
  } catch (error) {
    said = (error as Error).message;
  }
  const [, needS] = /a budget of 5 s is too short .* give --budget (\d+)s or more/.exec(said)!;
  expect(ask(Number(needS) * 1e3)).toMatchObject({
    loads: [{ name: "mixed" }, { name: "held-out" }, { name: "held-out-busy" }],
  });
});

test("no probe is longer than the model allows, or needs more slots or KV cache than there are", () => {
  const tight: ProbedServer = { maxNumSeqs: 6, maxNumBatchedTokens: 256, maxModelLen: 300, kvTokens: 1_200 };
  const plan = probePlan(tight, cpu, { ...budget, budgetMs: 1e9 });
  const all = [...plan.groups, ...plan.loads].flatMap(({ requests }) => [...requests]);
  expect(Math.max(...all.map(({ promptTokens, outputTokens }) => promptTokens + outputTokens))).toBeLessThanOrEqual(
    300,
  );
  for (const { requests, isOneByOne } of plan.groups) {
    if (isOneByOne) continue;
    const tokens = requests.reduce((sum, request) => sum + request.promptTokens + request.outputTokens, 0);
    expect(tokens).toBeLessThanOrEqual(1_200);
  }
});

test("lone prompts stand on both sides of the largest graph, and beyond the budget of a step", () => {
  expect(prefillLengths(large)).toEqual([16, 64, 128, 240, 256, 264, 512, 1024, 1536, 2048, 3072]);
  expect(prefillLengths(small)).toEqual([16, 64, 128, 256, 512, 1022]);
});

test("the loads have enough requests, other lengths and another rate; the same seed gives the same", () => {
  const { loads } = probePlan(large, gpu, budget);
  const [mixed, heldOut, busy] = loads;
  expect(Math.min(...loads.map(({ requests }) => requests.length))).toBeGreaterThanOrEqual(MIN_REQUESTS);
  expect([mixed!.utilisation, heldOut!.utilisation, busy!.utilisation].map((part) => Number(part.toFixed(2)))).toEqual([0.5, 0.4, 0.85]); // prettier-ignore
  expect(mixed!.ratePerS).not.toBe(heldOut!.ratePerS);
  const longest = (load: typeof mixed): number => Math.max(...load!.requests.map(({ promptTokens }) => promptTokens));
  expect(longest(heldOut)).toBeGreaterThan(longest(mixed));
  const times = mixed!.requests.map(({ arrivalMs }) => arrivalMs);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  expect(probePlan(large, gpu, budget)).toEqual(probePlan(large, gpu, budget));
  expect(probePlan(large, gpu, { ...budget, seed: "2" })).not.toEqual(probePlan(large, gpu, budget));
});
