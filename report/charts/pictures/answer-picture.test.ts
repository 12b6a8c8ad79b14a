import { answerPicture } from "./answer-picture.js";

const evidence = [10, 20, 30].map((rate) => ({
  varied: { request_rate: rate },
  statistics: { p99_ttft_ms: rate ** 2, mean_tpot_ms: rate === 20 ? null : 10 },
  intervals: { p99_ttft_ms: { low: 0.5 * rate ** 2, high: 2 * rate ** 2 } },
  replications: 12,
}));

const picture = {
  title: "vllm <within> limits",
  policy: "vllm",
  varied: "request_rate",
  unit: "requests/s",
  evidence,
  limits: [
    { key: "p99_ttft_ms", limitMs: 500 },
    { key: "mean_tpot_ms", limitMs: 40 },
  ],
  value: 22.4,
  interval: { low: 20, high: 25 },
};

test("an answer is drawn with a panel for each limit, a point for each load and the band that depends on the day", () => {
  const svg = answerPicture(picture);
  expect(svg).toContain(
    "p99_ttft_ms at most 500, mean_tpot_ms at most 40 over request_rate: 22.4 requests/s (20 to 25).",
  );
  // Three points of the first, two of the second, for which one load has no value.
  expect(svg.match(/<circle /g)).toHaveLength(5);
  expect(svg.match(/fill-opacity="0.18"/g)).toHaveLength(3);
  expect(svg).toContain("vllm &lt;within&gt; limits");
});

test("an interval beyond the axis and an answer without one are drawn inside the plot", () => {
  const wide = answerPicture({ ...picture, interval: { low: 20, high: 1e9 } });
  expect(wide).not.toMatch(/NaN|Infinity|width="\d{5}/);
  expect(answerPicture({ ...picture, interval: null }).match(/fill-opacity="0.18"/g)).toHaveLength(1);
});

test("a policy has its own colour, in the legend too", () => {
  const [naive, vllm] = [answerPicture({ ...picture, policy: "naive" }), answerPicture(picture)];
  expect(naive).toContain("#0072b2");
  expect(naive).not.toContain("#009e73");
  expect(vllm).toContain("#009e73");
});

test("goodput has a panel where the share within the limits is known", () => {
  const shares = evidence.map((point, at) => ({ ...point, statistics: { goodput_share: 1 - at / 4 }, intervals: {} }));
  const svg = answerPicture({ ...picture, limits: [], evidence: shares });
  expect(svg).toContain("request_rate 30: 15 requests/s");
  expect(svg).toContain('data-series="goodput" data-x="20" data-y="15" data-n="12"');
  expect(svg).toContain("(requests/s), n = 12 runs at each of 3 loads");
  expect(answerPicture(picture)).not.toContain("goodput");
});
