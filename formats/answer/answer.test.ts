import { answerSchema, check } from "../index.js";

const answer = {
  version: 1,
  question: { name: "capacity", goal: "p99_ttft <= 500 ms", asked: {} },
  ...{ value: 5, unit: "requests/s", interval: null, spread: null, verdict: "met", next_best: null },
  ...{ binds: { slo: null, resource: null }, extrapolated_share: 0, nearest_measured: null, evidence: [], cost: null },
  ...{ commands: { reproduce: "servesim capacity", check: null }, notes: [] },
};

function asking(asked: object): unknown {
  return check(answerSchema, { ...answer, question: { ...answer.question, asked } }, { source: "a.json" });
}

test("what was asked may hold anything beside what pages and checks read", () => {
  const slo = { name: "p99_ttft", metric: "ttft", limitMs: 500, quantile: 0.99 };
  expect(asking({})).toMatchObject({ value: 5 });
  expect(asking({ policy: "vllm", vary: "request_rate", other: 5, goals: { slos: [slo] } })).toMatchObject({
    value: 5,
  });
});

test.each<[asked: object, message: RegExp]>([
  [{ vary: true }, /^a\.json: question\.asked\.vary: got true, expected string$/],
  [{ policy: 5 }, /^a\.json: question\.asked\.policy: got 5, expected string$/],
  [{ changes: "a=1" }, /^a\.json: question\.asked\.changes: got "a=1", expected array$/],
  [
    { goals: { slos: [{ name: "p99_ttft" }] } },
    /question\.asked\.goals\.slos\[0\]\.limitMs: got nothing, expected number$/,
  ],
])("%j is rejected by its place", (asked, message) => {
  expect(() => asking(asked)).toThrow(message);
});
